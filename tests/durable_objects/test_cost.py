"""What one message costs: crossings of the border, statements, bytes. The numbers are promises; they may only go down.

When one of these fails, a message has become dearer (docs/performance.md says what a crossing and a statement cost).
"""

import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from durable_objects.calls import OpenSession
from durable_objects.effects import Arrived, Effect, Session, Tell, TellAll
from durable_objects.frames import SESSION_LIFE_MS
from durable_objects.group import Group
from durable_objects.journal import Journal
from durable_objects.limits import Limits
from shared.errors import InvalidCredential
from shared.ids import new_id
from shared.log import Log
from shared.metrics import Metrics
from tests.durable_objects.border import EDGE, Border, Js, dataset, install, socket, storage
from tests.durable_objects.house import KEY, roster, user_id

NOW_MS = 1_764_000_000_000
LONG_ENOUGH_MS = 1000
"""Between two messages, so that nothing has to be gathered."""

CROSSINGS = 6
TOGETHER = 10
CROSSINGS_TOGETHER = 5
STATEMENTS = 1
FLUSH_CROSSINGS = 5
BYTES_BESIDE_THE_TEXT = 220


class Room:
    """A group with the product's own edge on a counted border, and sockets that have said hello."""

    def __init__(
        self,
        border: Border,
        edge: Any,  # noqa: ANN401 -- loaded anew
        sql: Any,  # noqa: ANN401
        sockets: int,
        metrics: Metrics,
    ) -> None:
        self.metrics = metrics
        self.border = border
        self.now_ms = NOW_MS
        self._ids = 0
        ctx = border.thing(setWebSocketAutoResponse=lambda _: None, getWebSockets=list, acceptWebSocket=lambda _: None)
        self._sockets = edge.Sockets(ctx, lambda _: None, lambda: self.now_ms, metrics)
        journal = Journal(sql.ObjectSql(storage(border)))
        self.group = Group(
            journal, self._sockets, _nobody, lambda: self.now_ms, self._make_id, str, Limits(), metrics=metrics
        )
        opening = OpenSession(
            controller_id="gc",
            session_epoch=1,
            private_key=KEY,
            certificate="cert",
            certificate_expires_s=20_000,
            roster=roster(("ada", "ben"), ("scribe",)),
        )
        self.group.answer(opening)
        self.seats = [self._sit(n) for n in range(sockets)]
        self.say("the first one binds the listeners")
        border.crossings = 0
        border.statements.clear()
        border.sent.clear()

    def _make_id(self, prefix: str) -> str:
        self._ids += 1
        return new_id(prefix, self.now_ms, self._ids.to_bytes(10))

    def _sit(self, number: int) -> Js:
        here = socket(self.border)
        session = Session(f"s{number}", user_id("ada"), self.now_ms, self.now_ms + SESSION_LIFE_MS)
        self._sockets.accept(here, session)
        self._sockets.remember(session.said_hello())
        return here

    def say(self, *texts: str) -> None:
        """As GroupController handles frames that came one behind the other."""
        self.now_ms += LONG_ENOUGH_MS
        with self._sockets.together():
            for text in texts:
                self._say(text)

    def _say(self, text: str) -> None:
        self._ids += 1
        frame = json.dumps({"id": 1, "send": {"client_msg_id": f"m{self._ids}", "text": text}})
        session = self._sockets.session_of(self.seats[0])
        for effect in self.group.receive(Arrived(session, frame)):
            self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Tell(socket_id, text):
                self._sockets.tell(socket_id, text)
            case TellAll(text, but):
                self._sockets.tell_all(text, but)
            case _:
                raise AssertionError(f"a plain message leads to {effect}")


def _nobody(token: str, group_id: str) -> Any:  # noqa: ANN401 -- never returns
    raise InvalidCredential(reason=f"{token} {group_id}")


@pytest.fixture(params=[None, "METRICS"], ids=["uncounted", "counted"])
def points(request: pytest.FixtureRequest) -> list[dict[str, Any]] | None:
    """What was written into the dataset; None where there is none."""
    return None if request.param is None else []


@pytest.fixture(params=[1, 100], ids=lambda count: f"{count} sockets")
def room(
    request: pytest.FixtureRequest, points: list[dict[str, Any]] | None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Room]:
    border = Border()
    install(border, monkeypatch)
    names = ("durable_objects.sockets", "shared.edge.object_sql", "shared.edge.metrics")
    edge, sql, counting = (importlib.import_module(name) for name in names)
    raw = None if points is None else dataset(border, points)
    yield Room(border, edge, sql, request.param, counting.metrics_of_worker(raw, "here", Log(print, lambda: 0, "here")))
    border.database.close()
    for name in EDGE:
        del sys.modules[name]


def test_a_message_crosses_the_border_so_often_however_many_watch(room: Room) -> None:
    room.say("Good morning")
    assert room.border.crossings <= CROSSINGS


def test_a_message_is_one_statement(room: Room) -> None:
    room.say("Good morning")
    assert len(room.border.statements) <= STATEMENTS, room.border.statements


def test_a_message_is_sent_once_to_each_and_answered_once(room: Room) -> None:
    room.say("Good morning")
    assert len(room.border.sent) == 1 + len(room.seats)


def test_messages_that_come_together_share_what_they_are_shown_in(room: Room) -> None:
    room.say(*("Good morning" for _ in range(TOGETHER)))
    assert room.border.crossings <= TOGETHER * CROSSINGS_TOGETHER + 1
    assert len(room.border.statements) <= TOGETHER * STATEMENTS
    assert len(room.border.sent) == TOGETHER + len(room.seats)


def test_what_goes_with_a_text_stays_small(room: Room) -> None:
    text = "Good morning"
    room.say(text)
    assert len(room.border.sent[-1]) - len(text) <= BYTES_BESIDE_THE_TEXT


def test_whatever_was_counted_is_written_in_one_go(room: Room, points: list[dict[str, Any]] | None) -> None:
    for _ in range(3):
        room.say("Good morning")
    room.border.crossings = 0
    room.metrics.flush()
    assert room.border.crossings <= (0 if points is None else FLUSH_CROSSINGS)
    if points is not None:
        assert {point["blobs"][0]: point for point in points}["message"] == {
            "indexes": ["message"],
            "blobs": ["message", "user", "here"],
            "doubles": [4],
        }
        assert {point["blobs"][0]: point["doubles"] for point in points}["socket_opened"] == [len(room.seats)]
