"""Archiving a group, and reading what was archived."""

from typing import Annotated, Final, Literal

from pydantic import StringConstraints
from starlette.responses import Response

from app.api import Model, PersonCall, endpoints
from app.groups import find_group
from app.store import GroupRow
from shared.errors import (
    Conflict,
    Forbidden,
    InvalidBody,
    InvalidCredential,
    NotFound,
    RangeNotSatisfiable,
    Unavailable,
)

OBJECT_HEADER: Final = "X-Parley-Object"
"""Names the object whose bytes the edge puts in place of the body, so that none of them passes through Python."""


class ArchiveReason(Model):
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"\S")]


class GroupArchivedAt(Model):
    archived_at: str
    r2_path: str


class GroupActive(Model):
    status: Literal["active"] = "active"


class GroupDeleted(Model):
    status: Literal["deleted"] = "deleted"


_LIFE_ERRORS: Final = (InvalidCredential, Forbidden, NotFound, Conflict, InvalidBody, Unavailable)


@endpoints.add(
    "POST",
    "/groups/{group_id}/archive",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, InvalidBody, Unavailable),
)
async def archive_group(call: PersonCall, body: ArchiveReason) -> GroupArchivedAt:
    """Archive a group: its log goes to R2, verified; its sockets close. Owners. Asking again gives the same answer."""
    group = await find_group(call)
    if group.my_role != "owner":
        raise Forbidden("This takes an owner of the group")
    done = await call.ports.infra.archive(group.id, call.caller.id, body.reason)
    return GroupArchivedAt(archived_at=done.archived_at, r2_path=done.r2_path)


@endpoints.add("POST", "/groups/{group_id}/restore", auth="person", errors=_LIFE_ERRORS)
async def restore_group(call: PersonCall, body: ArchiveReason) -> GroupActive:
    """Make an archived group live again: its log goes on where it ended. Owners of the group, admins of the org."""
    group = await find_group(call)
    if group.my_role != "owner" and call.caller.role == "member":
        raise Forbidden("This takes an owner of the group, or an admin of the org")
    await call.ports.infra.restore(group.id, call.caller.id, body.reason)
    return GroupActive()


@endpoints.add("DELETE", "/groups/{group_id}", auth="person", errors=_LIFE_ERRORS)
async def delete_group(call: PersonCall) -> GroupDeleted:
    """Delete a group for good, with its archives; one that is not archived yet is archived first. Owners."""
    group = await find_group(call)
    if group.my_role != "owner":
        raise Forbidden("This takes an owner of the group")
    await call.ports.infra.delete(group.id, call.caller.id, "Deleted by an owner")
    return GroupDeleted()


@endpoints.add(
    "GET",
    "/groups/{group_id}/archive",
    auth="person",
    media_type="application/gzip",
    errors=(InvalidCredential, Forbidden, NotFound, RangeNotSatisfiable, Unavailable),
)
async def download_archive(call: PersonCall) -> Response:
    """The archived log: gzip, one event a line; the whole, or one range of its bytes."""
    r2_path = _archive_of(await find_group(call))
    name = r2_path.rsplit("/", 1)[-1]
    headers = {OBJECT_HEADER: r2_path, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(media_type="application/gzip", headers=headers)


@endpoints.add(
    "GET",
    "/groups/{group_id}/archive/manifest",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, Unavailable),
)
async def read_manifest(call: PersonCall) -> Response:
    """What the archive holds, signed by the session that wrote it."""
    r2_path = _archive_of(await find_group(call)).removesuffix(".ndjson.gz") + ".manifest.json"
    chunks = await call.ports.archives.read(r2_path)
    if chunks is None:
        raise Unavailable(reason="the manifest is not in the bucket")
    return Response(b"".join([chunk async for chunk in chunks]), media_type="application/json")


def _archive_of(group: GroupRow) -> str:
    if group.r2_path is None or group.my_role is None:
        raise NotFound("This group has no archive")
    if group.history_visibility == "since_join" and group.my_role != "owner":
        raise Forbidden("This group shows its history only since one joined; its owners read the whole archive")
    return group.r2_path
