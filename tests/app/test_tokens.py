from itertools import product

import pytest

from app.store import OrgRole, Person
from app.tokens import require_charge
from shared.errors import Forbidden

ROLES: tuple[OrgRole, ...] = ("owner", "admin", "member")
ALLOWED = {("owner", "owner"), ("owner", "admin"), ("owner", "member"), ("admin", "admin"), ("admin", "member")}


def someone(user_id: str, role: OrgRole) -> Person:
    return Person(user_id, "org_1", "Somebody", role, "2027-01-15T08:00:00.000Z")


@pytest.mark.parametrize(("caller", "person"), list(product(ROLES, ROLES)))
def test_who_has_a_say_in_whose_access(caller: OrgRole, person: OrgRole) -> None:
    require_charge(someone("usr_1", caller), someone("usr_1", caller))
    if (caller, person) in ALLOWED:
        require_charge(someone("usr_1", caller), someone("usr_2", person))
        return
    with pytest.raises(Forbidden):
        require_charge(someone("usr_1", caller), someone("usr_2", person))
