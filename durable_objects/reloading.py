"""A log that this object has no more, read back from its archive.

Law: an archive is believed only when its bytes, its chain and its manifest agree and this group's Orchestrator stands
behind the signature. Until then nothing that was read counts: the object stays unopened.
"""

import hashlib
import json
import zlib
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

from durable_objects.archive import ArchiveStore, Manifest, manifest_key, unpacked
from durable_objects.calls import Restore
from durable_objects.journal import Journal
from durable_objects.room import Room
from durable_objects.sealing import Chain, sealed
from shared.agent_api import AgentProfile
from shared.errors import InvalidCredential, Unavailable
from shared.keys import PublicKey, b64url
from shared.tokens import ARCHIVE, ORCHESTRATOR, SESSION, Tokens

PAGE_EVENTS: Final = 200
_BAD: Final = "the archive to restore from is not whole"


class Reloader:
    """`keys` are the Orchestrator's, by id."""

    def __init__(self, room: Room, store: ArchiveStore, tokens: Tokens, keys: Mapping[str, PublicKey]) -> None:
        self._room = room
        self._store = store
        self._tokens = tokens
        self._keys = keys

    async def load(self, call: Restore) -> None:
        """Makes an unopened room the archived one it was. Raises Unavailable without an archive to be believed."""
        journal = self._room.journal
        if self._room.status != "unopened":
            return
        try:
            manifest = await self._manifest(call)
            journal.atomically(journal.empty)
            await self._read_log(manifest)
        except (ValidationError, InvalidCredential, zlib.error, ValueError, KeyError) as exc:
            journal.atomically(journal.empty)
            raise Unavailable(reason=_BAD) from exc
        journal.atomically(lambda: self._become(manifest, call))

    async def _manifest(self, call: Restore) -> Manifest:
        chunks = [chunk async for chunk in self._store.read(manifest_key(call.r2_path))]
        manifest = Manifest.model_validate_json(b"".join(chunks))
        envelope = self._tokens.open(ARCHIVE, manifest.signature or "")
        signed_s = envelope.payload.get("iat")
        claims = self._tokens.check_claims(ARCHIVE, envelope, now_s=signed_s if isinstance(signed_s, int) else 0)
        session = self._tokens.verify(SESSION, manifest.certificate, self._keys, issuer=ORCHESTRATOR, now_s=claims.iat)
        self._tokens.check_signature(envelope, session.cnf.jwk)
        digest = b64url(hashlib.sha256(manifest.unsigned_text().encode()).digest())
        group_id = call.opening.roster.group_id
        if (claims.man, claims.gid, session.gid, manifest.group_id) != (digest, group_id, group_id, group_id):
            raise ValueError(_BAD)
        return manifest

    async def _read_log(self, manifest: Manifest) -> None:
        """Raises ValueError unless it is the log that the manifest commits to."""
        journal, chain = self._room.journal, Chain(manifest.count)
        keys = {subject: bytes.fromhex(key) for subject, key in manifest.seals.items()}
        async for page in _pages(self._store.read(manifest.parts[0].key)):
            for line in page:
                chain.add(sealed(line, lambda subject: keys[subject]))
            journal.atomically(partial(_replay, journal, page))
        if (chain.count, chain.head, journal.head()) != (manifest.count, manifest.head, manifest.last_seq):
            raise ValueError(_BAD)

    def _become(self, manifest: Manifest, call: Restore) -> None:
        for subject, key in manifest.seals.items():
            self._room.journal.keep_seal(subject, key)
        # The archive knows less of an agent than a roster does. Whoever left meanwhile is told by the id alone.
        agents = tuple(
            AgentProfile(id=agent.id, handle=agent.handle, name=agent.name, provider="archive", model="archive")
            for agent in manifest.agents
        )
        roster = call.opening.roster.model_copy(
            update={"title": manifest.title, "members": manifest.members, "agents": agents, "version": 0}
        )
        self._room.set_roster(roster)
        self._room.journal.keep("epoch", manifest.epoch)
        self._room.end_archiving()
        self._room.reload()


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


def _replay(journal: Journal, page: list[str]) -> None:
    for line in page:
        event = json.loads(line)
        data, person = event["data"], event["actor"]["id"]
        message_id = data.get("client_msg_id")
        journal.put_back(event["seq"], event["type"], line, person if message_id else None, message_id)
        _stand(journal, event["type"], event["seq"], person, data)


def _stand(journal: Journal, kind: str, seq: int, person: str, data: dict[str, Any]) -> None:
    """What of an event stands beside the log: as `messages` and `membership` write it when it happens."""
    match kind:
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
