"""What a webhook without leave is told of a private group: every member of every event is on one side or the other."""

import json

import pytest

from durable_objects.discretion import KEPT, withheld
from shared.protocol import EVENT_TYPES

WORDS = {"args", "client_msg_id", "emoji", "error", "reason", "text", "title", "tool"}
"""What people, agents and tools have said or chosen."""
ELSE_HELD_BACK = {"args_digest", "turns"}
"""A digest lets one try out what it is of; how a group takes turns is its own business."""
IN_PART = {"agent", "member"}


def test_every_member_of_an_event_is_known_to_be_told_or_held_back() -> None:
    members = {name for kind in EVENT_TYPES for name in kind.model_fields}
    assert members == KEPT | WORDS | ELSE_HELD_BACK | IN_PART
    assert not KEPT & (WORDS | ELSE_HELD_BACK | IN_PART)


@pytest.mark.parametrize("name", sorted(WORDS | ELSE_HELD_BACK | {"something_new"}))
def test_words_and_what_nobody_has_judged_are_held_back(name: str) -> None:
    known = {
        "actor": {"id": "usr_ben", "kind": "user", "name": "Benedikta"},
        "causation": 3,
        "data": {name: "Kaiserschmarrn", "target": 3},
        "digests": {"data.text": "Kaiserschmarrn"},
        "epoch": "epo_1",
        "seq": 4,
        "ts": "2026",
        "type": "x",
    }
    rest = {"causation": 3, "epoch": "epo_1", "seq": 4, "ts": "2026", "type": "x"}
    actor = {"id": "usr_ben", "kind": "user"}
    assert json.loads(withheld(json.dumps(known))) == {"actor": actor, "data": {"target": 3}, **rest}


def test_of_people_and_agents_ids_are_told() -> None:
    member = {"id": "usr_ben", "name": "Benedikta", "role": "member"}
    agent = {"id": "agt_s", "handle": "scribe", "name": "Scribe"}
    known = {"actor": {"id": "system", "kind": "system"}, "data": {"member": member, "agent": agent}}
    told = json.loads(withheld(json.dumps(known)))
    assert told["data"] == {"member": {"id": "usr_ben", "role": "member"}, "agent": {"id": "agt_s"}}
