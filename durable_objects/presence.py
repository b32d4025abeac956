"""Who is here, who is typing, and sockets that have outstayed.

Law: nothing of this is stored; it is made of the sockets that are open and of a little memory that may be lost.
"""

from typing import Final, Protocol

from durable_objects.effects import Effect, RingAt, Session, TellAll
from durable_objects.limits import Limits
from durable_objects.membership import farewell
from shared.clock import Clock
from shared.errors import TooManyRequests
from shared.protocol import Typing
from shared.replies import Presence, TypingNow

HELLO_WITHIN_MS: Final = 10_000
TYPING_LASTS_MS: Final = 8_000


class Sockets(Protocol):
    def sessions(self) -> list[Session]:
        """Every socket of this group that is open now."""
        ...


class Present:
    def __init__(self, sockets: Sockets, limits: Limits, clock: Clock) -> None:
        self._sockets = sockets
        self._limits = limits
        self._clock = clock
        self._typing_until_ms: dict[str, int] = {}

    def online(self) -> set[str]:
        return {session.user_id for session in self._sockets.sessions() if session.ready}

    def check_place(self, user_id: str) -> None:
        """Raises TooManyRequests when this person, or the group, has no room for another socket."""
        sessions = self._sockets.sessions()
        if len(sessions) >= self._limits.sockets_per_group:
            raise TooManyRequests("This group has as many connections as it takes")
        if sum(session.user_id == user_id for session in sessions) >= self._limits.sockets_per_user:
            raise TooManyRequests("You have as many connections to this group as one person may have")

    def arrived(self, session: Session) -> list[Effect]:
        """What to tell the others when somebody says hello. Asked before the session counts as ready."""
        if session.user_id in self.online():
            return []
        return [_others(Presence(user_id=session.user_id, online=True), session)]

    def dismiss(self, session: Session, code: int, reason: str) -> list[Effect]:
        """Good-bye to a socket, and what the others are told: its own close may come late, or never."""
        return [*farewell(session.socket_id, code, reason), *self.gone(session)]

    def expel(self, user_id: str, access_version: int, code: int, reason: str) -> list[Effect]:
        """Good-bye to all sockets that a person opened under an older access version."""
        theirs = [session for session in self._sockets.sessions() if session.user_id == user_id]
        leaving = [session for session in theirs if session.access < access_version]
        effects = [effect for session in leaving for effect in farewell(session.socket_id, code, reason)]
        here_before = any(session.ready for session in theirs)
        stays = any(session.ready for session in theirs if session not in leaving)
        return [*effects, *self._offline(user_id)] if here_before and not stays else effects

    def gone(self, session: Session) -> list[Effect]:
        """What to tell when a socket has closed. One that was dismissed is gone already."""
        others = {s.user_id for s in self._sockets.sessions() if s.ready and s.socket_id != session.socket_id}
        if session.ended or not session.ready or session.user_id in others:
            return []
        return self._offline(session.user_id)

    def _offline(self, user_id: str) -> list[Effect]:
        effects: list[Effect] = []
        if self._typing_until_ms.pop(user_id, None) is not None:
            effects.append(_everybody(TypingNow(user_id=user_id, on=False)))
        return [*effects, _everybody(Presence(user_id=user_id, online=False))]

    def typing(self, session: Session, command: Typing) -> list[Effect]:
        """Shown when it changes; it ends by itself."""
        was_typing = session.user_id in self._typing_until_ms
        if command.on:
            self._typing_until_ms[session.user_id] = until_ms = self._clock() + TYPING_LASTS_MS
            effects: list[Effect] = [RingAt(until_ms)]
        else:
            self._typing_until_ms.pop(session.user_id, None)
            effects = []
        if was_typing != command.on:
            effects.insert(0, _others(TypingNow(user_id=session.user_id, on=command.on), session))
        return effects

    def rang(self) -> list[Effect]:
        """Typing that has ended, sessions that have expired, sockets that never said hello."""
        now_ms = self._clock()
        effects: list[Effect] = []
        for user_id, until_ms in list(self._typing_until_ms.items()):
            if until_ms <= now_ms:
                del self._typing_until_ms[user_id]
                effects.append(_everybody(TypingNow(user_id=user_id, on=False)))
            else:
                effects.append(RingAt(until_ms))
        for session in self._sockets.sessions():
            effects += self._overdue(session, now_ms)
        return effects

    def _overdue(self, session: Session, now_ms: int) -> list[Effect]:
        hello_by_ms = session.connected_ms + HELLO_WITHIN_MS
        if session.expires_ms <= now_ms:
            return self.dismiss(session, 4001, "session expired")
        if session.ready:
            return [RingAt(session.expires_ms)]
        if hello_by_ms <= now_ms:
            return self.dismiss(session, 4501, "no hello")
        return [RingAt(hello_by_ms)]


def _others(frame: Presence | TypingNow, session: Session) -> Effect:
    return TellAll(frame.model_dump_json(), but=session.socket_id)


def _everybody(frame: Presence | TypingNow) -> Effect:
    return TellAll(frame.model_dump_json())
