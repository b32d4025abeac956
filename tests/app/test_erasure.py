"""Erasing a person, as the App goes about it: the directory, the groups, and what waits for the org's webhooks."""

from collections.abc import Mapping
from dataclasses import replace

from httpx import ASGITransport, AsyncClient, Response

from app.access import AccessStore
from app.auth import authenticate
from app.infra import Infra
from app.routes import endpoints
from shared.http import Api
from shared.ports import Reply
from shared.signing import Signer
from shared.tokens import Tokens
from shared.webhooks import Erase
from tests.app.test_health import Orchestrator
from tests.app.test_webhooks import THEN, Office
from tests.shared.hostile import ES256

DAN = "usr_" + "0" * 26


class Groups(Orchestrator):
    """All of them reached, and counted."""

    def __init__(self) -> None:
        super().__init__(None)
        self.asked = 0

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        assert (method, target, headers["Authorization"][:9], bool(body)) == ("POST", self.target, "GroupSig ", True)
        self.asked += 1
        return Reply(200, b'{"groups":1,"pending":[]}')

    target = f"/infra/people/{DAN}/erase"


async def asks_to_erase(office: Office, groups: Groups) -> Response:
    signer = Signer(Tokens(ES256), office.ports.settings.signing_key, "app", "orchestrator", "https://o.test")
    infra = Infra(groups, signer, lambda: 0, lambda: "x" * 22)
    ports = replace(office.ports, infra=infra, access=AccessStore(office.database))
    api = Api(endpoints.rows, authenticate, ports, ports.log, ports.make_id, ports.clock)
    async with AsyncClient(transport=ASGITransport(api.asgi()), base_url="https://app.test") as client:
        headers = {"Authorization": "Bearer ada"}
        return await client.post(f"/people/{DAN}/erase", json={"confirm": DAN}, headers=headers)


def office_of_dan() -> Office:
    office = Office()
    office.database.insert("people", id=DAN, org_id="org_a", name="Dan", role="member", created_at=THEN)
    return office


async def test_whoever_is_erased_is_taken_out_of_what_waits_for_the_webhooks() -> None:
    office = office_of_dan()
    answer = await asks_to_erase(office, Groups())
    assert answer.json() == {"status": "erased", "erased_groups": 1, "pending": []}
    assert office.outbox.told == [Erase(user_id=DAN)]


async def test_an_outbox_that_is_away_stops_no_group_and_is_told_when_asked_again() -> None:
    office, groups = office_of_dan(), Groups()
    office.outbox.is_away = True
    assert ((await asks_to_erase(office, groups)).status_code, groups.asked) == (503, 1)
    office.outbox.is_away = False
    assert (await asks_to_erase(office, groups)).status_code == 200
    assert office.outbox.told == [Erase(user_id=DAN)]
