"""A group that was made by an earlier version goes on under this one."""

import json

import pytest

from durable_objects import journal
from durable_objects.journal import Journal
from durable_objects.schema import STEPS
from tests.durable_objects.house import House

LOG = (
    '{"actor":{"id":"usr_ada","kind":"user","name":"Ada"},"data":{"client_msg_id":"m","mentions":[],"text":"hi"},'
    '"epoch":"epo_1","seq":1,"ts":"2026-11-01T00:00:00.000Z","type":"message.created"}'
)
ROSTER = {
    "org_id": "org_1",
    "group_id": "grp_1",
    "title": "Old",
    "version": 1,
    "members": [{"id": "usr_ada", "name": "Ada", "role": "owner"}],
    "agents": [],
}


@pytest.mark.parametrize("version", range(1, len(STEPS)))
def test_every_earlier_schema_is_brought_up_to_date_with_what_is_in_it(
    version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House()
    house.sql = type(house.sql)()
    monkeypatch.setattr(journal, "STEPS", STEPS[:version])
    old = Journal(house.sql)
    house.sql.execute(
        "INSERT INTO events (seq, type, body, sender, client_msg_id, digest) VALUES (1, 'message.created', ?, ?, ?, ?)",
        *(LOG, "usr_ada", "m", "d"),
    )
    house.sql.execute(
        "INSERT INTO runs (run_id, agent_id, trigger_seq, requested_by, status) VALUES ('r', 'a', 1, 'u', 'running')"
    )
    for key, value in (("status", "active"), ("epoch", "epo_1"), ("roster", json.dumps(ROSTER))):
        old.keep(key, value)
    monkeypatch.undo()

    house.wake()

    assert house.log[0] == json.loads(LOG)
    assert [event["type"] for event in house.log[1:]] == ["run.finished"]
    ada = house.sit("ada")
    assert ada.hello["group"]["title"] == "Old"
    assert ada.say("still here") == 3
    assert house.sql.execute("SELECT max(version) FROM schema_version") == [[len(STEPS)]]


def test_two_instances_of_one_version_change_nothing() -> None:
    house = House()
    tables = house.sql.execute("SELECT name, sql FROM sqlite_schema ORDER BY name")
    house.wake()
    assert house.sql.execute("SELECT name, sql FROM sqlite_schema ORDER BY name") == tables
    assert house.sql.execute("SELECT count(*) FROM schema_version") == [[len(STEPS)]]
