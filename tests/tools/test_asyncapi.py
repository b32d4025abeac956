import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator, ValidationError

from app.health import VERSION
from shared.protocol import (
    COMMANDS,
    EVENT_TYPES,
    SYSTEM,
    Actor,
    Event,
    EventData,
    Member,
    MessageCreated,
    RunFinished,
    Usage,
)
from shared.replies import AtSeq, Bye, ErrorBody, GroupInfo, HelloOk, HistoryOk, RunDelta, error_text, ok_text
from tests.layout.sources import ROOT
from tools.asyncapi import EPHEMERAL, REPLIES, close_codes, document

DOCUMENT = document(VERSION)
ADA = Actor(kind="user", id="usr_1", name="Ada")


@cache
def published_schema() -> dict[str, Any]:
    """The specification's own JSON Schema, from npm."""
    path = ROOT / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0-without-$id.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def validate(message: str, frame: str) -> None:
    """A frame as the code writes it, against the document."""
    payload = DOCUMENT["components"]["messages"][message]["payload"]
    schemas = {"components": {"schemas": DOCUMENT["components"]["schemas"]}}
    Draft202012Validator({**payload, **schemas}).validate(json.loads(frame))


def event(data: EventData, actor: Actor = ADA) -> str:
    made = Event(
        actor=actor, data=data, epoch="epo_1", seq=1, ts="2026-01-01T00:00:00.000Z", type=EVENT_TYPES[type(data)]
    )
    return made.text()


def test_it_is_asyncapi_3() -> None:
    Draft7Validator(published_schema()).validate(DOCUMENT)


def test_every_schema_is_json_schema() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_command_has_a_message_a_reply_and_an_operation() -> None:
    assert set(REPLIES) == set(COMMANDS)
    for name in COMMANDS:
        operation = DOCUMENT["operations"][f"receive.{name}"]
        for reference in (*operation["messages"], *operation["reply"]["messages"]):
            assert reference["$ref"].rsplit("/", 1)[1] in DOCUMENT["channels"]["group"]["messages"]


def test_every_event_and_every_ephemeral_frame_has_a_message() -> None:
    messages = DOCUMENT["components"]["messages"]
    assert {f"{name}.event" for name in EVENT_TYPES.values()} | {f"{name}.now" for name in EPHEMERAL} <= set(messages)


def test_events_are_documented_as_they_are_written() -> None:
    validate("message.created.event", event(MessageCreated(text="hi")))
    finished = RunFinished(agent_id="agt_1", outcome="success", run_id="run_1", usage=Usage())
    validate("run.finished.event", event(finished, SYSTEM))


def test_an_event_with_anothers_data_is_none() -> None:
    with pytest.raises(ValidationError):
        validate("message.deleted.event", event(MessageCreated(text="hi")))


def test_several_frames_may_be_joined() -> None:
    delta = RunDelta(run_id="run_1", agent_id="agt_1", offset=0, text="x").model_dump_json()
    bye = Bye(code=4503, reason="removed", reconnect=False).model_dump_json()

    validate("joined", f"[{event(MessageCreated(text='hi'))},{delta},{bye}]")


def test_replies_are_documented_as_they_are_written() -> None:
    validate("edit.reply", ok_text(1, AtSeq(seq=7)))
    validate("edit.reply", ok_text(1, AtSeq(seq=None)))
    validate(
        "history.reply", f'{{"id":1,"ok":{HistoryOk(events=(event(MessageCreated(text="hi")),), more=False).text()}}}'
    )
    hello = HelloOk(
        epoch="epo_1",
        head=0,
        recovered=True,
        group=GroupInfo(id="grp_1", title="Launch"),
        you=Member(id="usr_1", name="Ada", role="owner"),
        members=(),
        agents=(),
        runs=(),
        online=("usr_1",),
        reads={"usr_1": 3},
        session_expires_at="2026-01-01T00:00:00.000Z",
    )
    validate("hello.reply", ok_text(1, hello))


@pytest.mark.parametrize("frame_id", [7, None])
def test_failures_are_documented_as_they_are_written(frame_id: int | None) -> None:
    validate("send.reply", error_text(frame_id, ErrorBody(code="conflict", message="no", temporary=False)))


def test_commands_are_documented_as_they_are_read() -> None:
    validate("send.command", '{"id":1,"send":{"client_msg_id":"a","text":"hi","mentions":[{"kind":"agent","id":"x"}]}}')
    validate("hello.command", '{"id":1,"hello":{"since":null,"runs":{}}}')
    with pytest.raises(ValidationError):
        validate("send.command", '{"id":1,"send":{"client_msg_id":"a","text":"hi","extra":1}}')


def test_a_close_code_says_whether_to_come_back() -> None:
    reconnect = {code: row["reconnect"] for code, row in close_codes().items()}

    assert reconnect["4001"]
    assert not reconnect["4503"]
