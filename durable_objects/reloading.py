"""A log that this object has no more, read back from its archive.

Law: what is believed is the log that ends in the hash which the directory keeps; who was here is what that log says.
Until its last event was read nothing of it counts: the object stays unopened. Signatures are for those who have no
directory; their keys may be long gone.
"""

import json
import zlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

from durable_objects.archive import ArchiveStore, Manifest, manifest_key, unpacked
from durable_objects.calls import ArchivedLog, ControllerCall, ErasePerson, ReadAuthored, Restore, Roster
from durable_objects.journal import Journal
from durable_objects.room import Room
from durable_objects.sealing import Chain, sealed
from shared.agent_api import AgentProfile
from shared.errors import Unavailable
from shared.protocol import Member, TurnSettings

PAGE_EVENTS: Final = 200
_BAD: Final = "the archive to restore from is not the one that the directory knows"


def log_needed(call: ControllerCall) -> Restore | ArchivedLog | None:
    """Where the log lies that this call is about, should the object have none."""
    if isinstance(call, ErasePerson | ReadAuthored):
        return call.archive
    return call if isinstance(call, Restore) else None


class Reloader:
    def __init__(self, room: Room, store: ArchiveStore) -> None:
        self._room = room
        self._store = store

    async def load(self, call: Restore | ArchivedLog) -> None:
        """Makes an unopened room the archived one it was. Raises Unavailable without an archive to be believed."""
        journal = self._room.journal
        if self._room.status != "unopened":
            return
        try:
            manifest = await self._manifest(call)
            journal.atomically(journal.empty)
            standing = await self._read_log(manifest, call.head)
        except (ValidationError, zlib.error, ValueError, KeyError) as exc:
            journal.atomically(journal.empty)
            raise Unavailable(reason=_BAD) from exc
        journal.atomically(lambda: self._become(manifest, standing, call.opening.roster))

    async def _manifest(self, call: Restore | ArchivedLog) -> Manifest:
        chunks = [chunk async for chunk in self._store.read(manifest_key(call.r2_path))]
        return Manifest.model_validate_json(b"".join(chunks))

    async def _read_log(self, manifest: Manifest, head: str) -> "_Standing":
        """Raises ValueError unless it ends in `head`."""
        journal, chain, standing = self._room.journal, Chain(manifest.count), _Standing()
        keys = {subject: bytes.fromhex(key) for subject, key in manifest.seals.items()}
        async for page in _pages(self._store.read(manifest.parts[0].key)):
            for line in page:
                chain.add(sealed(line, lambda subject: keys[subject]))
            journal.atomically(partial(_replay, journal, page, standing))
        if (chain.head, chain.count) != (head, journal.head()):
            raise ValueError(_BAD)
        return standing

    def _become(self, manifest: Manifest, standing: "_Standing", now: Roster) -> None:
        for subject, key in manifest.seals.items():
            self._room.journal.keep_seal(subject, key)
        self._room.set_roster(standing.roster(now))
        self._room.journal.keep("epoch", standing.epoch)
        self._room.journal.keep("archive_reason", manifest.reason)
        self._room.end_archiving()
        self._room.reload()


class _Standing:
    """Who was in the group, and how it was set up, when its log ended."""

    def __init__(self) -> None:
        self.epoch = ""
        self._title = ""
        self._turns = TurnSettings()
        self._members: dict[str, Member] = {}
        self._agents: dict[str, AgentProfile] = {}

    def see(self, kind: str, data: dict[str, Any]) -> None:
        match kind:
            case "group.updated":
                self._title, self._turns = data["title"], TurnSettings.model_validate(data["turns"], strict=False)
            case "member.joined" | "member.role_changed" | "member.renamed":
                self._members[data["member"]["id"]] = Member.model_validate(data["member"])
            case "member.left":
                del self._members[data["member"]["id"]]
            case "agent.added":
                # The log knows less of an agent than a roster does; the next one brings the rest.
                agent = AgentProfile.model_validate({**data["agent"], "provider": "archive", "model": "archive"})
                self._agents[agent.id] = agent
            case "agent.removed":
                del self._agents[data["agent"]["id"]]

    def roster(self, now: Roster) -> Roster:
        """Older than any that the directory gives."""
        then = {"title": self._title, "turns": self._turns, "version": 0}
        people = {"members": tuple(self._members.values()), "agents": tuple(self._agents.values())}
        return now.model_copy(update={**then, **people})


async def _pages(chunks: AsyncIterator[bytes]) -> AsyncIterator[list[str]]:
    rest, page = b"", list[str]()
    async for piece in unpacked(chunks):
        *lines, rest = (rest + piece).split(b"\n")
        page += [line.decode() for line in lines]
        if len(page) >= PAGE_EVENTS:
            yield page
            page = []
    if rest:
        raise ValueError("the last line does not end")
    yield page


def _replay(journal: Journal, page: list[str], standing: _Standing) -> None:
    for line in page:
        event = json.loads(line)
        data, person = event["data"], event["actor"]["id"]
        message_id = data.get("client_msg_id")
        journal.put_back(event["seq"], event["type"], line, person if message_id else None, message_id)
        _stand(journal, event["type"], event["seq"], person, data, erased="digests" in event)
        standing.see(event["type"], data)
        standing.epoch = event["epoch"]


def _stand(journal: Journal, kind: str, seq: int, person: str, data: dict[str, Any], *, erased: bool) -> None:
    """What of an event stands beside the log: as `messages`, `membership` and `erasure` write it when it happens."""
    match kind:
        case "message.created" if erased:
            journal.revise(seq, None)
        case "message.edited" if erased:
            journal.revise(data["target"], None)
        case "message.edited" | "message.deleted":
            journal.revise(data["target"], data.get("text"))
        case "reaction.changed":
            journal.set_reaction(data["target"], data["emoji"], person, on=data["on"])
        case "read.moved":
            journal.move_read(person, data["position"])
        case "member.joined":
            journal.joined(data["member"]["id"], seq)
        case "agent.added":
            journal.joined(data["agent"]["id"], seq)
