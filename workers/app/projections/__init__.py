"""One run of an agent, told in the words of front ends that exist already.

Law: pure. What a group says of a run comes in (its frames, see `durable_objects.run_view`), server-sent events go out.
Every event has a place in the run, and its id says which; whoever comes back with the last id gets what is behind it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from shared.errors import BadRequest

Payload = dict[str, Any]
Frame = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Place:
    """Where in a run an event is.

    `stage` counts begin, text, end of text, end; `offset` counts the text's code points.
    """

    stage: int
    offset: int = 0

    @classmethod
    def of(cls, event_id: str, run_id: str) -> "Place":
        """What `Last-Event-ID` says. Raises BadRequest for an id that is none of this run's."""
        stage, _, offset = event_id.removeprefix(f"{run_id}:").partition(".")
        is_number = offset.isascii() and offset.isdecimal() and len(offset) <= _DIGITS
        if not event_id.startswith(f"{run_id}:") or stage not in _STAGES or not is_number:
            raise BadRequest("Last-Event-ID is not an id of this run")
        return cls(int(stage), int(offset))


NOWHERE: Final = Place(-1)
BEGUN: Final = Place(0)
ENDED: Final = 3
_STAGES: Final = frozenset("0123")
_DIGITS: Final = 9


class Projection(Protocol):
    """The words of one front end. Each method gives the payloads of events, in their order."""

    headers: Mapping[str, str]

    def begin(self, run: Frame) -> list[Payload]: ...

    def text_begin(self, run: Frame) -> list[Payload]: ...

    def text(self, run: Frame, delta: str) -> list[Payload]: ...

    def text_end(self, run: Frame) -> list[Payload]: ...

    def aside(self, event: Frame) -> list[Payload]:
        """A question to people, or its answer."""
        ...

    def end(self, run: Frame, finished: Frame) -> list[Payload]: ...

    def encode(self, payload: Payload) -> str:
        """The `data` of a server-sent event."""
        ...

    def close(self) -> str | None:
        """The `data` of the very last event, when there is one more."""
        ...


@dataclass
class Telling:
    """One run as it is told to one reader, from behind `known` on."""

    projection: Projection
    known: Place = NOWHERE
    _run: Frame = field(default_factory=dict)

    def feed(self, frame: Frame) -> Iterator[str]:
        """The server-sent events that a frame of the run becomes."""
        match frame["type"]:
            case "run":
                self._run = frame
                yield from self._at(BEGUN, self.projection.begin(frame))
            case "run.delta":
                yield from self._text(frame["offset"], frame["text"])
            case "run.finished":
                yield from self._end(frame["data"])
            case "approval.requested" | "approval.resolved":
                for payload in self.projection.aside(frame):
                    yield f"data: {self.projection.encode(payload)}\n\n"

    def _text(self, offset: int, text: str) -> Iterator[str]:
        yield from self._at(Place(1), self.projection.text_begin(self._run))
        place = Place(1, offset + len(text))
        if self.known < place:
            fresh = text[max(self.known.offset - offset, 0) :]
            yield from self._at(place, self.projection.text(self._run, fresh))

    def _end(self, finished: Frame) -> Iterator[str]:
        if self.known.stage == 1:
            yield from self._at(Place(2), self.projection.text_end(self._run))
        place = Place(ENDED)
        yield from self._at(place, self.projection.end(self._run, finished))
        last = self.projection.close()
        if last is not None:
            yield f"data: {last}\n\n"

    def _at(self, place: Place, payloads: list[Payload]) -> Iterator[str]:
        """Unless the reader has it. The id stands at the last of several: who has that one has them all."""
        if place <= self.known:
            return
        for number, payload in enumerate(payloads, 1):
            event_id = f"id: {self._run['run_id']}:{place.stage}.{place.offset}\n" if number == len(payloads) else ""
            yield f"{event_id}data: {self.projection.encode(payload)}\n\n"
        self.known = place


MakeProjection = Callable[[str], Projection]
"""From a group's id to the words for one of its runs."""
