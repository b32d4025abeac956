"""What this side has said and the log has not shown it yet.

Law: pure. A message is here from the moment it is said until its own event arrives, so that a screen can show it at
once and never twice; one that was refused stays until it is forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from parley.errors import ParleyError
from parley.events import Event, MessageCreated


@dataclass(frozen=True, slots=True)
class Echo:
    """`seq` once the message is stored, `refusal` once it never will be."""

    client_msg_id: str
    text: str
    reply_to: int | None = None
    seq: int | None = None
    refusal: ParleyError | None = None


class Echoes:
    def __init__(self) -> None:
        self._open: dict[str, Echo] = {}

    def __iter__(self) -> Iterator[Echo]:
        """In the order in which they were said."""
        return iter(tuple(self._open.values()))

    def said(self, echo: Echo) -> None:
        self._open[echo.client_msg_id] = echo

    def stored(self, client_msg_id: str, seq: int, position: int) -> None:
        """Up to `position` the log was seen: an event that lies there has been shown, or was said long ago."""
        if seq <= position:
            self.forget(client_msg_id)
        elif client_msg_id in self._open:
            self._open[client_msg_id] = replace(self._open[client_msg_id], seq=seq)

    def refused(self, client_msg_id: str, refusal: ParleyError) -> None:
        if client_msg_id in self._open:
            self._open[client_msg_id] = replace(self._open[client_msg_id], refusal=refusal)

    def forget(self, client_msg_id: str) -> None:
        self._open.pop(client_msg_id, None)

    def apply(self, event: Event, own_id: str) -> None:
        """Another person may use the same id for another message."""
        if isinstance(event.data, MessageCreated) and event.actor.id == own_id and event.data.client_msg_id:
            self.forget(event.data.client_msg_id)

    def restart(self, position: int) -> None:
        """The log is seen up to `position` without its events having passed by."""
        for echo in self:
            if echo.seq is not None and echo.seq <= position:
                self.forget(echo.client_msg_id)
