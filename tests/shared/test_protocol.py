import json

import pytest

from shared.errors import InvalidBody, InvalidFrame, TooLarge
from shared.frames import UnacceptableCommand, UnreadableFrame, parse_frame
from shared.protocol import (
    COMMANDS,
    DEPTH_LIMIT,
    EVENT_TYPES,
    FRAME_LIMIT_BYTES,
    TEXT_LIMIT_CHARS,
    Actor,
    Event,
    EventData,
    Hello,
    Member,
    Mention,
    MessageCreated,
    RunsCancel,
    Send,
)
from shared.replies import AtSeq, ErrorBody, HistoryOk, Nothing, error_text, ok_text
from shared.wire import Wire

RUN = "run_01ARZ3NDEKTSV4RRFFQ69G5FAV"
ADA = Actor(id="usr_1", kind="user", name="Ada")


def frame(command: str, body: object, frame_id: object = 1) -> str:
    return json.dumps({"id": frame_id, command: body})


def sending(**more: object) -> str:
    return frame("send", {"client_msg_id": "a", "text": "hi", **more})


def unreadable(text: str) -> int | None:
    """The id that the refusal could still read."""
    with pytest.raises(UnreadableFrame) as refusal:
        parse_frame(text)
    assert isinstance(refusal.value, InvalidFrame)
    return refusal.value.frame_id


def unacceptable(text: str) -> str:
    """What the sender is told."""
    with pytest.raises(UnacceptableCommand) as refusal:
        parse_frame(text)
    assert isinstance(refusal.value, InvalidBody)
    return refusal.value.detail


# ── frames that are commands ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("hello", {}),
        ("hello", {"since": 0, "epoch": "epo_1", "runs": {RUN: 5}}),
        ("send", {"client_msg_id": "a", "text": "hi", "mentions": [{"kind": "agent", "id": "x"}], "reply_to": 3}),
        ("edit", {"seq": 1, "text": "hi"}),
        ("delete", {"seq": 1}),
        ("react", {"seq": 1, "emoji": "👍🏽"}),
        ("read", {"seq": 0}),
        ("typing", {"on": False}),
        ("history", {"after": 0, "limit": 200}),
        ("members", {}),
        ("runs.cancel", {"run_id": RUN}),
        ("refresh", {"token": "t"}),
    ],
)
def test_a_command_is_read_into_its_type(name: str, body: dict[str, object]) -> None:
    read = parse_frame(frame(name, body, 7))

    assert read.id == 7
    assert type(read.command) is COMMANDS[name]


def test_members_have_the_types_they_say() -> None:
    read = parse_frame(sending(mentions=[{"kind": "agent", "id": "x"}])).command

    assert read == Send(client_msg_id="a", text="hi", mentions=(Mention(id="x", kind="agent"),))
    assert parse_frame(frame("hello", {"since": None})).command == Hello()
    assert parse_frame(frame("runs.cancel", {"client_msg_id": "a"})).command == RunsCancel(client_msg_id="a")


@pytest.mark.parametrize("text", ["x" * TEXT_LIMIT_CHARS, "😀" * TEXT_LIMIT_CHARS, " x ", "\u200bx", "a\nb"])
def test_a_text_is_kept_as_it_was_typed(text: str) -> None:
    command = parse_frame(json.dumps(json.loads(sending(text=text)), ensure_ascii=False)).command

    assert isinstance(command, Send)
    assert command.text == text


# ── frames that are none ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    ["", " ", "{", "null", "1", '"x"', "[]", "{}", "{'id':1}", "\x00", '{"id":NaN,"members":{}}', '{"members":{}}'],
)
def test_a_frame_without_an_id_cannot_be_answered_by_it(text: str) -> None:
    assert unreadable(text) is None


@pytest.mark.parametrize("frame_id", [None, True, False, "1", 1.0, -1, 2**53, 10**30, [], {}])
def test_an_id_is_a_whole_number_that_json_keeps(frame_id: object) -> None:
    assert unreadable(frame("members", {}, frame_id)) is None


@pytest.mark.parametrize("frame_id", [0, 1, 2**53 - 1])
def test_such_an_id_comes_back(frame_id: int) -> None:
    assert parse_frame(frame("members", {}, frame_id)).id == frame_id
    assert unreadable(frame("nope", {}, frame_id)) == frame_id
    assert unreadable(json.dumps({"id": frame_id})) == frame_id
    assert unreadable(json.dumps({"id": frame_id, "members": {}, "typing": {"on": True}})) == frame_id


@pytest.mark.parametrize("name", ["Send", "SEND", "__class__", "", "bye"])
def test_an_unknown_command_is_told_the_known_ones(name: str) -> None:
    with pytest.raises(UnreadableFrame, match=r"known are hello, send"):
        parse_frame(frame(name, {}))


@pytest.mark.parametrize(
    "more",
    [
        {"text": ""},
        {"text": "   "},
        {"text": "x" * (TEXT_LIMIT_CHARS + 1)},
        {"text": 1},
        {"text": None},
        {"text": "\ud800"},
        {"client_msg_id": ""},
        {"client_msg_id": "x" * 65},
        {"client_msg_id": "a b"},
        {"client_msg_id": "a\n"},
        {"client_msg_id": "é"},
        {"mentions": [{"kind": "system", "id": "x"}]},
        {"mentions": [{"kind": "agent"}]},
        {"mentions": [{"kind": "agent", "id": "x", "name": "y"}]},
        {"mentions": [{"kind": "agent", "id": "x"}] * 33},
        {"mentions": "x"},
        {"reply_to": 0},
        {"reply_to": 1.0},
        {"reply_to": "1"},
        {"reply_to": True},
        {"reply_to": 2**53},
        {"sender": "usr_2"},
    ],
    ids=lambda more: repr(more)[:40],
)
def test_a_message_that_is_not_one_is_refused(more: dict[str, object]) -> None:
    assert unacceptable(sending(**more)).startswith("send: ")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("hello", {"since": -1}),
        ("hello", {"runs": {"run_1": 0}}),
        ("hello", {"runs": {RUN: -1}}),
        ("edit", {"seq": 1}),
        ("react", {"seq": 1, "emoji": "a b"}),
        ("react", {"seq": 1, "emoji": "x" * 17}),
        ("react", {"seq": 1, "emoji": "x", "on": 1}),
        ("typing", {"on": "true"}),
        ("history", {"limit": 0}),
        ("history", {"limit": 201}),
        ("members", []),
        ("members", None),
        ("members", {"x": 1}),
        ("refresh", {"token": "t" * 2049}),
    ],
)
def test_a_command_with_wrong_members_is_refused(name: str, body: object) -> None:
    assert unacceptable(frame(name, body)).startswith(f"{name}: ")


def test_a_refusal_does_not_repeat_the_input() -> None:
    assert "secret" not in unacceptable(frame("typing", {"on": "secret"}))


def test_a_frame_is_measured_in_bytes() -> None:
    padding = FRAME_LIMIT_BYTES - len(frame("members", {}))
    assert parse_frame(frame("members", {}) + " " * padding)
    for text in (frame("members", {}) + " " * (padding + 1), "é" * (FRAME_LIMIT_BYTES // 2 + 1), "x" * 10_000_000):
        with pytest.raises(TooLarge):
            parse_frame(text)


def test_nesting_is_bounded_before_it_is_parsed() -> None:
    for opening in ("[", '{"a":'):
        assert unreadable(opening * (FRAME_LIMIT_BYTES // 8)) is None
    deep: object = {}
    for _ in range(DEPTH_LIMIT):
        deep = [deep]
    assert unreadable(frame("send", deep)) is None


def test_brackets_inside_a_text_are_no_nesting() -> None:
    text = "[" * 100 + '\\"{{{' * 50
    command = parse_frame(sending(text=text)).command

    assert isinstance(command, Send)
    assert command.text == text


def test_a_member_given_twice_is_refused() -> None:
    assert unreadable('{"id":1,"typing":{"on":true},"typing":{"on":false}}') is None


# ── what is written ─────────────────────────────────────────────────────────────────────────────────────────────────


def created(data: EventData) -> Event:
    return Event(
        actor=ADA, data=data, epoch="epo_1", seq=1, ts="2026-01-01T00:00:00.000Z", type=EVENT_TYPES[type(data)]
    )


def test_the_text_of_an_event_is_canonical_json() -> None:
    """RFC 8785 for what we write: members sorted, no spaces, characters as they are, nothing that is null."""
    data = MessageCreated(text='é 😀 "\\\n', mentions=(Mention(id="x", kind="agent"),), reply_to=2)
    text = created(data).text()

    assert text == json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert "null" not in text


@pytest.mark.parametrize("model", EVENT_TYPES, ids=lambda model: model.__name__)
def test_the_members_of_events_stand_in_order(model: type[Wire]) -> None:
    for kind in (model, Event, Actor, Member):
        names = list(kind.model_fields)
        assert names == sorted(names)


def test_events_come_back_from_their_text() -> None:
    event = created(MessageCreated(text="hi"))

    assert Event.model_validate_json(event.text()).text() == event.text()


def test_every_kind_of_event_has_a_type_of_its_own() -> None:
    assert len(set(EVENT_TYPES.values())) == len(EVENT_TYPES)


def test_replies_carry_the_id_of_their_command() -> None:
    assert ok_text(7, Nothing()) == '{"id":7,"ok":{}}'
    assert ok_text(7, AtSeq(seq=3)) == '{"id":7,"ok":{"seq":3}}'
    failure = ErrorBody(code="conflict", message="no", temporary=False)
    assert json.loads(error_text(None, failure)) == {
        "id": None,
        "error": {"code": "conflict", "message": "no", "temporary": False},
    }


def test_a_page_of_history_holds_the_stored_texts() -> None:
    texts = ('{"seq":1}', '{"seq":2}')

    assert json.loads(HistoryOk(events=texts, more=True).text()) == {"events": [{"seq": 1}, {"seq": 2}], "more": True}


# ── nesting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def nested(depth: int, beside: str = "") -> str:
    """A frame that is so deep, itself included, with something beside its innermost list."""
    return '{"id": 1, "send": ' + "[" * (depth - 1) + beside + "]" * (depth - 1) + "}"


@pytest.mark.parametrize("beside", ["", r'"\"[[["', r'"\\", "[[["', "1, 2"])
def test_a_frame_may_be_so_deep_and_no_deeper_whatever_stands_in_its_strings(beside: str) -> None:
    with pytest.raises(UnacceptableCommand):
        parse_frame(nested(DEPTH_LIMIT, beside))
    with pytest.raises(UnreadableFrame, match="nested deeper"):
        parse_frame(nested(DEPTH_LIMIT + 1, beside))


@pytest.mark.parametrize("before", ["[]," * 40, r'"\\", ', r'"\"", '])
def test_what_stands_before_makes_nothing_less_deep(before: str) -> None:
    deep = "[" * (DEPTH_LIMIT - 2) + "]" * (DEPTH_LIMIT - 2)
    with pytest.raises(UnacceptableCommand):
        parse_frame('{"id": 1, "send": [' + before + deep + "]}")
    with pytest.raises(UnreadableFrame, match="nested deeper"):
        parse_frame('{"id": 1, "send": [' + before + f"[{deep}]" + "]}")


def test_a_bad_member_is_named_and_a_bad_whole_is_not() -> None:
    with pytest.raises(UnacceptableCommand) as member:
        parse_frame('{"id": 1, "send": {"client_msg_id": 5, "text": "x"}}')
    with pytest.raises(UnacceptableCommand) as whole:
        parse_frame('{"id": 1, "send": 7}')
    assert member.value.detail.startswith("send: client_msg_id: ")
    assert whole.value.detail.startswith("send: Input")
