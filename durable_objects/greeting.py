"""Hello: from where a socket goes on.

Law: reply, gap and registration are one step, so that nothing can come between and nothing comes twice. `recovered` is
true only when what follows is exactly the gap.
"""

from typing import Final

from durable_objects.effects import Effect, Remember, RingAt, Session, Tell
from durable_objects.joining import joined
from durable_objects.room import Room
from durable_objects.rules import Rules
from shared.clock import rfc3339
from shared.errors import Conflict
from shared.protocol import Hello
from shared.replies import GroupInfo, HelloOk

RESUME_LIMIT_EVENTS: Final = 50_000
RESUME_PAGE_EVENTS: Final = 200


def greet(rules: Rules, session: Session, hello: Hello) -> tuple[HelloOk, list[Effect]]:
    """The answer to a first hello, and what the socket is then told. Raises Conflict for a second one."""
    room, runs, present = rules.room, rules.runs, rules.present
    if session.ready:
        raise Conflict("This socket has said hello already")
    first_seq = room.first_seq(session.user_id)
    recovered = _recovers(room, hello, first_seq)
    effects: list[Effect] = []
    if recovered and hello.since is not None:
        gap = (text for page in room.journal.pages(hello.since, RESUME_PAGE_EVENTS) for text in page)
        effects += [Tell(session.socket_id, frame) for frame in joined(gap)]
    effects += [Tell(session.socket_id, delta.model_dump_json()) for delta in runs.missed(hello.runs)]
    effects += [Remember(session.said_hello()), RingAt(session.expires_ms), *present.arrived(session)]
    roster = room.known()
    reply = HelloOk(
        epoch=room.epoch,
        head=room.head,
        recovered=recovered,
        group=GroupInfo(id=roster.group_id, title=roster.title, turns=roster.turns),
        you=room.member(session.user_id),
        members=roster.members,
        agents=room.agent_list(),
        runs=runs.active(),
        approvals=rules.approvals.open(),
        online=tuple(sorted(present.online() | {session.user_id})),
        reads=room.journal.reads(),
        snapshot=None if recovered else rules.messages.snapshot(session.user_id),
        session_expires_at=rfc3339(session.expires_ms),
    )
    return reply, effects


def _recovers(room: Room, hello: Hello, first_seq: int) -> bool:
    if hello.since is None or hello.epoch not in (None, room.epoch):
        return False
    # Nobody goes on across a restoration: what came before it belongs to another epoch.
    oldest = max(first_seq - 1, room.epoch_from - 1, room.head - RESUME_LIMIT_EVENTS)
    return oldest <= hello.since <= room.head
