"""What of an event a webhook is told when it is not to be told all of it.

Law: pure; texts in, texts out. What the log keeps of somebody who was erased, a webhook gets as well: that something
happened, and no word of it. Of a private group a webhook without leave is told the same, and no name and no title
either: only what is in KEPT. A member that is new in an event is held back until somebody has put it there.
"""

import json
from collections.abc import Collection
from typing import Any, Final

from durable_objects.sealing import speechless, subject_of
from shared.webhooks import payload

KEPT: Final = frozenset(
    {
        *("agent_id", "agent_ids", "approval_id", "approvers", "expires_at", "limit", "mentions", "message_seq", "on"),
        *("outcome", "position", "purpose", "reply_to", "run_id", "target", "trigger", "usage", "user_id"),
    }
)
"""Ids, places in the log, numbers and words of ours."""
_KEPT_OF: Final = {"actor": ("id", "kind"), "agent": ("id",), "member": ("id", "role")}
_ENVELOPE: Final = ("causation", "epoch", "run_id", "seq", "ts", "type")


def body_of(org_id: str, group_id: str, event: str, *, words: bool) -> str:
    """The body of a delivery, with the words of the event or without."""
    return payload(org_id, group_id, event) if words else payload(org_id, group_id, withheld(event), withheld=True)


def withheld(event: str) -> str:
    known = json.loads(event)
    data = {name: value for name, value in known["data"].items() if name in KEPT}
    data |= {name: _part(name, known["data"][name]) for name in ("agent", "member") if name in known["data"]}
    rest = {name: known[name] for name in _ENVELOPE if name in known}
    return compact({"actor": _part("actor", known["actor"]), "data": data, **rest})


def withheld_body(body: str) -> str | None:
    """A body as it had been without leave from the start; None when it was."""
    told = json.loads(body)
    if "withheld" in told:
        return None
    return payload(told["org_id"], told["group_id"], withheld(compact(told["event"])), withheld=True)


def _part(name: str, whole: dict[str, Any]) -> dict[str, Any]:
    return {member: whole[member] for member in _KEPT_OF[name] if member in whole}


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
