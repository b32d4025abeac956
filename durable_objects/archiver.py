"""Carrying the end of a group through: archive, verify, tell the Orchestrator; or delete, without losing track.

Law: every step can be repeated, and none is left out. The group stays as it is until the directory knows where its
verified archive lies; the directory forgets it before the bucket does, and the bucket before the group.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final

from durable_objects.archive import ArchiveStore, ArchiveWriter, archives_of, manifest_key
from durable_objects.effects import Effect
from durable_objects.erasure import owed_rewriting
from durable_objects.group import Group
from durable_objects.renewal import Sessions
from shared.errors import Unavailable
from shared.tokens import Tokens

TARGET: Final = "/infra/cleanup"
_ERASED: Final = "Somebody was erased"


class Archiver:
    """`new_key` gives 32 random bytes in hex."""

    def __init__(
        self,
        group: Group,
        sessions: Sessions,
        store: ArchiveStore,
        tokens: Tokens,
        new_jti: Callable[[], str],
        new_key: Callable[[], str],
    ) -> None:
        self._group = group
        self._sessions = sessions
        self._store = store
        self._writer = ArchiveWriter(store, tokens, new_jti, new_key)

    async def finish(self) -> list[Effect]:
        """Goes on with what was begun; what to do afterwards. Raises Unavailable: the alarm tries again."""
        effects: list[Effect] = []
        if self._group.room.status == "archiving":
            effects += await self._archive()
        while (mark := owed_rewriting(self._group.room)) is not None:
            await self._rewrite(mark)
            effects += self._group.rewritten(mark)
        if self._group.room.status == "deleting":
            await self._delete()
        return effects

    async def _archive(self) -> list[Effect]:
        room = self._group.room
        reason = room.archive_reason()
        # First of all, so that meanwhile nobody changes in the directory what the log can take no more.
        await self._report({"reason": reason, "begun": True})
        written = await self._writer.write(room, reason)
        await self._report({"reason": reason, "r2_path": written.key, "head": written.head}, "archived")
        return self._group.archived()

    async def _rewrite(self, mark: str) -> None:
        """Somebody was erased: the bucket keeps the latest archive, without their words, and none besides it.

        A group that lives again needs none: its log has all that they have.
        """
        room, roster = self._group.room, self._group.room.known()
        place, kept = archives_of(roster.org_id, roster.group_id), tuple[str, ...]()
        if room.status == "archived":
            written = await self._writer.write(room, room.archive_reason(), mark)
            told = {"reason": _ERASED, "r2_path": written.key, "head": written.head, "rewritten": True}
            await self._report(told, "archived")
            kept = (written.key, manifest_key(written.key))
        else:
            # While its restoration is not known everywhere the directory still points at an archive.
            await self._report({"reason": _ERASED}, "active")
        await self._store.remove_all(place, kept)

    async def _delete(self) -> None:
        roster = self._group.room.known()
        await self._report({"reason": self._group.room.deletion_reason(), "deleted": True}, "deleted")
        await self._store.remove_all(archives_of(roster.org_id, roster.group_id))
        self._group.deleted()

    async def _report(self, told: Mapping[str, object], status: str | None = None) -> None:
        """Raises Unavailable unless the directory has taken it in, and says that this is how it is now."""
        answer = json.loads(await self._sessions.tell(TARGET, told))
        if status is not None and answer.get("status") != status:
            raise Unavailable(reason=f"cleanup answered that the group is {answer.get('status')}")
