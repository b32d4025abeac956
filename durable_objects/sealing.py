"""What an archive's hash chain commits to, so that one person's words can go without breaking it.

Law: pure. A sealed event is the stored one with every private text replaced by "" and, in `digests`, by an HMAC of it
under a key that belongs to that person alone. The chain is over sealed events, h_n = SHA-256(h_{n-1} ‖ sealed_n) from
32 zero bytes. Erasing a person means storing their events sealed and destroying their key: the chain stays what it was,
and nobody can try out what the text may have been. Canonical form is RFC 8785; docs/archives.md is the description.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Any, Final

from pydantic_core import from_json, to_json

SealKey = Callable[[str], bytes]
"""The key of a person, an agent or the system, by id; made when there is none."""
PRIVATE: Final = (("actor", "name"), ("data", "member", "name"), ("data", "reason"), ("data", "text"))
CHECKPOINTS: Final = 1000
"""So many values along the chain does a manifest name at most: small logs have one an event."""
CHECKPOINT_CHARS: Final = 16


def subject_of(event: dict[str, Any]) -> str:
    """Whose event it is: the member it is about, or else who did it."""
    member = event["data"].get("member")
    return str(member["id"] if member is not None else event["actor"]["id"])


def sealed(body: str, key_of: SealKey) -> str:
    """What the chain hashes of a stored event. One that is stored sealed stays as it is."""
    event = from_json(body)
    if "digests" in event:
        return body
    key = key_of(subject_of(event))
    digests = {}
    for path, holder, name in _private_texts(event):
        digests[path] = _digest(key, f"{event['seq']}\n{path}\n{holder[name]}")
        holder[name] = ""
    # Members come in the order in which they were stored, which is canonical; only this one needs its place.
    form = {name: event[name] for name in event if name < "digests"} | {"digests": digests}
    return to_json({**form, **event}).decode()


def speechless(event: dict[str, Any]) -> None:
    """Takes the private texts out, without a trace of them."""
    for _, holder, name in _private_texts(event):
        holder[name] = ""


def _private_texts(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Path, holder and member name of each private text that is there."""
    for *way, name in PRIVATE:
        holder: dict[str, Any] | None = event
        for step in way:
            holder = holder.get(step) if holder is not None else None
        if holder is not None and name in holder:
            yield ".".join((*way, name)), holder, name


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()


class Chain:
    """The running hash over a log of known length, and its checkpoints."""

    def __init__(self, length: int) -> None:
        self.hash = bytes(32)
        self.count = 0
        self.every = max(1, -(-length // CHECKPOINTS))
        self.checkpoints: list[str] = []

    @property
    def head(self) -> str:
        return self.hash.hex()

    def add(self, sealed_event: str) -> None:
        self.hash = hashlib.sha256(self.hash + sealed_event.encode()).digest()
        self.count += 1
        if self.count % self.every == 0:
            self.checkpoints.append(self.hash.hex()[:CHECKPOINT_CHARS])
