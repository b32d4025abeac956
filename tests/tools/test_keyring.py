"""A key is known before it signs and for as long as anything of it can be alive, whatever happens when."""

import pytest
from pydantic import ValidationError

from orchestrator.api import LAPSED_S
from shared.keys import PrivateKey
from shared.tokens import REQUEST, ROUTING, SESSION, SKEW_S
from tools.es256 import new_private_key
from tools.keyring import TERMS, Keyring, Predecessor, Ring, Terms

A, B, C = (new_private_key() for _ in range(3))
SHORT = Terms(lead_s=600, tail_s=1000)
T0 = 1_800_000_000


def known(*keys: PrivateKey) -> list[str]:
    return [key.thumbprint for key in keys]


def published(at_s: int = T0) -> Ring:
    return Ring(signing=A).begun(B).carried_out(at_s, SHORT)


def test_a_successor_is_known_at_once_and_signs_after_ten_minutes_and_not_before() -> None:
    ring = published()
    assert known(*ring.known) == known(A, B)
    assert ring.due_s(SHORT) == T0 + 600
    assert ring.advanced(T0 + 599, SHORT) == ring
    assert known(*ring.advanced(T0 + 600, SHORT).known) == known(B, A)


def test_ten_minutes_count_from_when_the_deployment_was_told() -> None:
    decided = Ring(signing=A).begun(B)
    assert decided.due_s(SHORT) is None
    assert decided.advanced(T0 + 10**9, SHORT) == decided
    told = decided.carried_out(T0 + 300, SHORT)
    assert told.carried_out(T0 + 500, SHORT) == told, "told again, it counts from the first time"
    assert told.due_s(SHORT) == T0 + 900


def test_a_predecessor_stays_known_from_the_change_on_until_all_of_it_is_over() -> None:
    ring = published().advanced(T0 + 600, SHORT)
    assert ring.advanced(T0 + 10**9, SHORT) == ring, "nobody was told yet"
    ring = ring.carried_out(T0 + 700, SHORT)
    assert ring.due_s(SHORT) == T0 + 1700
    assert known(*ring.advanced(T0 + 1699, SHORT).known) == known(B, A)
    assert known(*ring.advanced(T0 + 1700, SHORT).known) == known(B)
    assert ring.advanced(T0 + 1700, SHORT).due_s(SHORT) is None


def test_one_rotation_after_another_keeps_every_key_its_time() -> None:
    ring = published().advanced(T0 + 600, SHORT).carried_out(T0 + 600, SHORT).begun(C).carried_out(T0 + 700, SHORT)
    assert known(*ring.known) == known(B, C, A)
    ring = ring.advanced(T0 + 1300, SHORT).carried_out(T0 + 1300, SHORT)
    assert known(*ring.known) == known(C, B, A)
    assert known(*ring.advanced(T0 + 1600, SHORT).known) == known(C, B)
    assert known(*ring.advanced(T0 + 2300, SHORT).known) == known(C)


def test_of_a_ring_that_was_revoked_one_key_is_left_and_it_is_a_new_one() -> None:
    ring = (
        published().advanced(T0 + 600, SHORT).carried_out(T0 + 600, SHORT).begun(C).revoked(fresh := new_private_key())
    )
    assert ring == Ring(signing=fresh)
    assert ring.carried_out(T0 + 700, SHORT).due_s(SHORT) is None


def test_two_successors_at_a_time_are_one_too_many() -> None:
    with pytest.raises(ValueError, match="under way"):
        published().begun(C)


def test_what_was_believed_before_there_was_a_keyring_is_kept_its_time() -> None:
    ring = Ring(signing=A, predecessors=(Predecessor(key=B),)).carried_out(T0, SHORT)
    assert known(*ring.advanced(T0 + 999, SHORT).known) == known(A, B)
    assert known(*ring.advanced(T0 + 1000, SHORT).known) == known(A)


def test_what_was_not_told_yet_is_not_due() -> None:
    ring = published().advanced(T0 + 600, SHORT).carried_out(T0 + 700, SHORT).begun(C).carried_out(T0 + 800, SHORT)
    assert ring.advanced(T0 + 1400, SHORT).due_s(SHORT) == T0 + 1700, "of the older predecessor"


def test_a_keyring_is_written_down_as_it_is_and_nothing_else_passes_for_one() -> None:
    ring = published()
    assert Ring.model_validate_json(ring.model_dump_json()) == ring
    with pytest.raises(ValidationError):
        Ring.model_validate({**ring.model_dump(), "more": 1})
    with pytest.raises(ValidationError):
        ring.signing = B  # type: ignore[misc]


def test_nobody_is_taken_to_have_been_told() -> None:
    ring = Ring(signing=A)
    assert not Keyring(app_id="app", app=ring, orchestrator=ring, operator_token="x").told


def test_the_times() -> None:
    assert {"app": Terms(600, 600), "orchestrator": Terms(600, 92 * 24 * 3600)} == TERMS


def test_the_times_outlive_all_that_a_key_signs_and_all_who_remember_it() -> None:
    kept_s, lead_s = 300, 600
    assert all(terms.lead_s >= max(lead_s, kept_s + 60) for terms in TERMS.values())
    assert TERMS["app"].tail_s >= REQUEST.life_s + SKEW_S + kept_s
    assert TERMS["orchestrator"].tail_s >= max(SESSION.life_s + LAPSED_S, ROUTING.life_s) + SKEW_S + kept_s
