"""What a socket may say, and what it is answered.

Law: a frame is answered by exactly one reply. A bad one costs its sender an error and nobody else anything; only one
larger than any may be, a session that is over, a member who is gone and a group that is archived end the socket.
"""

from dataclasses import replace
from typing import Final

from durable_objects.access import Access
from durable_objects.effects import Effect, Remember, RingAt, Session, Tell, TellAll
from durable_objects.greeting import greet
from durable_objects.limits import FrameLimiter
from durable_objects.messages import Said
from durable_objects.room import VerifyRouting
from durable_objects.rules import Rules
from shared.clock import rfc3339
from shared.errors import (
    Forbidden,
    GroupArchived,
    InternalError,
    InvalidBody,
    InvalidCredential,
    ParleyError,
    Removed,
    SessionExpired,
    TooLarge,
    TooManyRequests,
)
from shared.frames import UnacceptableCommand, UnreadableFrame, parse_frame
from shared.protocol import (
    Approve,
    Command,
    Delete,
    Edit,
    Hello,
    History,
    Members,
    React,
    Read,
    Refresh,
    RunsCancel,
    Send,
    Typing,
)
from shared.replies import AtSeq, ErrorBody, MembersOk, Nothing, Refreshed, Reply, error_text, ok_text

SESSION_LIFE_MS: Final = 12 * 3600 * 1000

Outcome = tuple[Reply, list[Effect]]
"""The body of a reply, and what follows it."""


class Frames:
    def __init__(self, rules: Rules, limiter: FrameLimiter, access: Access, verify: VerifyRouting) -> None:
        self._rules = rules
        self._room = rules.room
        self._limiter = limiter
        self._access = access
        self._verify = verify

    def arrived(self, session: Session, text: str | None) -> list[Effect]:
        """The reply to a frame, and what follows from it; `text` is None for a binary one."""
        if text is None:
            return self._rules.present.dismiss(session, 1003, "text frames only")
        frame_id: int | None = None
        try:
            frame = parse_frame(text)
            frame_id = frame.id
            self._check(session)
            body, effects = self._answer(session, frame.command)
        except (UnreadableFrame, UnacceptableCommand) as exc:
            return self._refusal(session, exc.frame_id, exc)
        except ParleyError as exc:
            return self._refusal(session, frame_id, exc)
        return [Tell(session.socket_id, ok_text(frame.id, body)), *effects]

    def failed(self, session: Session, text: str | None) -> list[Effect]:
        """The reply to a frame whose handling failed through no fault of its sender, and was undone."""
        try:
            frame_id = None if text is None else parse_frame(text).id
        except (UnreadableFrame, UnacceptableCommand) as exc:
            frame_id = exc.frame_id
        return [Tell(session.socket_id, error_text(frame_id, ErrorBody.of(InternalError())))]

    def after_send(self, said: Said, user_id: str) -> list[Effect]:
        """A new message is shown, and the agents it asks are called."""
        if said.body is None:
            return []
        return [TellAll(said.body), *self._rules.turn_taking.person_said(said.posted.seq, user_id, said.mentions)]

    def _check(self, session: Session) -> None:
        """Raises SessionExpired, Removed, GroupArchived, TooManyRequests."""
        now_ms = self._room.clock()
        if session.expires_ms <= now_ms:
            raise SessionExpired
        if session.user_id not in self._room.members:
            raise Removed
        if self._room.status == "archived":
            raise GroupArchived
        wait_ms = self._limiter.wait_ms(session.socket_id, now_ms)
        if wait_ms:
            raise TooManyRequests(retry_after_ms=wait_ms)

    def _answer(self, session: Session, command: Command) -> Outcome:
        user_id = session.user_id
        match command:
            case Hello():
                return greet(self._rules, session, command)
            case Refresh():
                return self._refresh(session, command)
            case _ if not session.ready:
                raise Forbidden("Say hello first")
            case Send():
                said = self._rules.messages.send(user_id, command)
                return said.posted, self.after_send(said, user_id)
            case Edit():
                return _told(self._rules.messages.edit(user_id, command))
            case Delete():
                return _told(self._rules.messages.delete(user_id, command))
            case React():
                return _told(self._rules.messages.react(user_id, command))
            case Read():
                return _told(self._rules.messages.read(user_id, command))
            case Typing():
                return Nothing(), self._rules.present.typing(session, command)
            case History():
                return self._rules.messages.history(user_id, command), []
            case Members():
                return self._members(), []
            case RunsCancel():
                return Nothing(), self._rules.turn_taking.cancel(user_id, command)
            case Approve():
                seq, effects = self._rules.deferrals.approve(user_id, command)
                return AtSeq(seq=seq), effects
            case _:
                raise InvalidBody("This command is not known")

    def _refresh(self, session: Session, command: Refresh) -> Outcome:
        """A fresh routing token of the same person lets the socket live on, without a gap."""
        claims = self._verify(command.token, self._room.known().group_id)
        if claims.sub != session.user_id:
            raise InvalidCredential(reason="another person's routing token")
        self._access.enter(claims)
        expires_ms = self._room.clock() + SESSION_LIFE_MS
        extended = Remember(replace(session, expires_ms=expires_ms, access=claims.mv))
        return Refreshed(session_expires_at=rfc3339(expires_ms)), [extended, RingAt(expires_ms)]

    def _members(self) -> MembersOk:
        members = tuple(self._room.members.values())
        online = tuple(sorted(self._rules.present.online()))
        return MembersOk(members=members, agents=self._room.agent_list(), online=online)

    def _refusal(self, session: Session, frame_id: int | None, exc: ParleyError) -> list[Effect]:
        self._room.count("refusal", exc.code)
        reply = Tell(session.socket_id, error_text(frame_id, ErrorBody.of(exc)))
        if isinstance(exc, SessionExpired | Removed | GroupArchived | TooLarge):
            return [reply, *self._rules.present.dismiss(session, exc.close_code or 4500, exc.code)]
        if self._limiter.out_of_patience(session.socket_id):
            return [reply, *self._rules.present.dismiss(session, 4013, "too many requests")]
        return [reply]


def _told(change: tuple[int, str] | None) -> Outcome:
    if change is None:
        return AtSeq(seq=None), []
    seq, body = change
    return AtSeq(seq=seq), [TellAll(body)]
