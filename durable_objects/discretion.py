"""What of an event a webhook is told when it is not to be told all of it.

Law: pure; texts in, texts out. What the log keeps of somebody who was erased, a webhook gets as well: that something
happened, and no word of it.
"""

import json
from collections.abc import Collection

from durable_objects.sealing import speechless, subject_of


def without_words_of(event: str, erased: Collection[str]) -> str:
    """An event as it came, unless it is that of somebody who was erased: its group may not have heard of that yet."""
    if not erased:
        return event
    known = json.loads(event)
    if subject_of(known) not in erased:
        return event
    speechless(known)
    return compact(known)


def body_without_words_of(user_id: str, body: str) -> str | None:
    """A delivery's body without this person's words; None when there are none in it."""
    told = json.loads(body)
    if subject_of(told["event"]) != user_id:
        return None
    speechless(told["event"])
    return compact(told)


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
