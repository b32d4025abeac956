"""Groups with a long past: messages written straight into the object's file while it sleeps, a million in seconds."""

import sqlite3
from contextlib import closing
from typing import Final

from tools.chaos.town import CONTROLLER, Room
from tools.stack import Stack, StackError

_BATCH: Final = 50_000
# The text of an event as the product stores it, canonical; `test_filling` holds it against the model.
STATEMENT: Final = """
WITH RECURSIVE numbers (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)
INSERT INTO events (seq, type, body, sender, client_msg_id, digest)
SELECT n, 'message.created',
    '{"actor":{"id":"' || :sender || '","kind":"user","name":"' || :name || '"},"data":{"client_msg_id":"fill-' || n
        || '","mentions":[],"text":"' || n || ' is what somebody has said here at some time, long ago"},"epoch":"'
        || :epoch || '","seq":' || n || ',"ts":"2026-11-24T12:00:00.000Z","type":"message.created"}',
    :sender, 'fill-' || n, :digest
FROM numbers
"""


def fill(stack: Stack, room: Room, count: int, *, up_to: bool = False) -> int:
    """`count` further messages, or so many that there are `count`; the seq of the last."""
    with (
        stack.object_file(CONTROLLER, room.group_id) as path,
        closing(sqlite3.connect(path, isolation_level=None)) as database,
    ):
        head = int(database.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])
        (epoch,) = database.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
        last = max(count, head) if up_to else head + count
        person = room.people[0]
        values = {"sender": person.id, "name": person.name, "epoch": epoch, "digest": "0" * 64}
        for first in range(head + 1, last + 1, _BATCH):
            database.execute(STATEMENT, values | {"first": first, "last": min(first + _BATCH - 1, last)})
    _put_to_sleep(stack, room)
    return last


def _put_to_sleep(stack: Stack, room: Room) -> None:
    """An alarm may have woken it meanwhile, and it would go on from the head that it found then."""
    try:
        stack.evict(CONTROLLER, room.group_id, web_sockets="close")
    except StackError as exc:
        if "not currently running" not in str(exc):
            raise
