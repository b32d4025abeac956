"""The Orchestrator API: the chain of trust and the life of groups.

Law: internal. An app proves itself by its signature, a Group Controller by its certificate and signature, a person by a
bearer token looked up in the directory; nothing is done before that.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from durable_objects.calls import Archive, Archived, PostMessage, ReadHistory, SearchHistory
from orchestrator import health, rosters
from orchestrator.disconnect import disconnect
from orchestrator.ports import OrchestratorPorts
from orchestrator.routing import issue_routing_token
from orchestrator.sessions import certify, open_session, reopened_unless_believed
from orchestrator.store import GroupRow
from shared.clock import rfc3339, seconds
from shared.errors import (
    AmbiguousCredential,
    Conflict,
    Forbidden,
    GroupArchived,
    InvalidBody,
    InvalidCredential,
    NotFound,
    TooManyRequests,
    Unavailable,
)
from shared.evidence import note
from shared.http import Authenticate, Call, Endpoints, anyone, signed_request
from shared.ids import GroupId, OrgId, UserId
from shared.keys import PrivateKey, PublicKey
from shared.protocol import History, Send
from shared.replies import SendOk
from shared.search import Search, SearchOk
from shared.signing import CERTIFICATE_HEADER, SCHEME
from shared.tokens import ORCHESTRATOR, SessionClaims

endpoints: Final = Endpoints()
LAPSED_S: Final = 90 * 24 * 3600
"""How long a group may sleep behind the end of its certificate and still renew it."""
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class InternalModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class RoutingCaller:
    """Who asks for a routing token: an app for anyone, or a person for themselves."""

    app_id: str | None
    user_id: str | None


AppCall = Call[str, OrchestratorPorts]


async def app(request: Request, raw: bytes, ports: OrchestratorPorts) -> str:
    """The app's request signature."""
    now_s = seconds(ports.clock())
    return await ports.verifier.app_request(signed_request(request, raw), ports.app_keys, now_s)


async def session(request: Request, raw: bytes, ports: OrchestratorPorts) -> SessionClaims:
    """The Group Controller's certificate and signature."""
    now_s = seconds(ports.clock())
    return await ports.verifier.session_request(signed_request(request, raw), ports.own_keys, ORCHESTRATOR, now_s)


async def lapsed_session(request: Request, raw: bytes, ports: OrchestratorPorts) -> SessionClaims:
    """As `session`, for a group that slept: its certificate may have ended, its key must not have been replaced."""
    signed, now_s = signed_request(request, raw), seconds(ports.clock())
    return await ports.verifier.session_request(signed, ports.own_keys, ORCHESTRATOR, now_s, lapsed_s=LAPSED_S)


async def app_or_bearer(request: Request, raw: bytes, ports: OrchestratorPorts) -> RoutingCaller:
    """An app's signature, or a person's bearer token; never both."""
    values = [value.strip() for value in request.headers.get("authorization", "").split(",")]
    if len(values) > 1 or (values[0].startswith("Bearer ") and CERTIFICATE_HEADER.lower() in request.headers):
        raise AmbiguousCredential
    scheme, _, token = values[0].partition(" ")
    if scheme == SCHEME:
        return RoutingCaller(app_id=await app(request, raw, ports), user_id=None)
    if scheme != "Bearer" or not token:
        raise InvalidCredential(reason="neither signature nor bearer")
    user_id = await ports.store.user_of_token(hashlib.sha256(token.encode()).hexdigest(), rfc3339(ports.clock()))
    if user_id is None:
        raise InvalidCredential(reason="unknown bearer")
    note(sub=user_id)
    return RoutingCaller(app_id=None, user_id=user_id)


authenticate: Final[Mapping[str, Authenticate]] = {
    "app": app,
    "session": session,
    "lapsed_session": lapsed_session,
    "app_or_bearer": app_or_bearer,
    "anyone": anyone,
}


# ── the contract ────────────────────────────────────────────────────────────────────────────────────────────────────


def _usable(key: PublicKey) -> PublicKey:
    if not key.on_curve:
        raise ValueError("not a point of P-256")
    return key


class SessionRequest(InternalModel):
    """`session_public_jwk`: the caller's own key, to be certified in place of one that is made for it."""

    group_id: GroupId
    org_id: OrgId
    user_id: UserId
    session_public_jwk: Annotated[PublicKey, AfterValidator(_usable)] | None = None


class SessionOpened(InternalModel):
    """`session_private_key` is null when the caller brought a key."""

    group_controller_id: str
    session_private_key: PrivateKey | None
    session_certificate: str


class RoutingTokenRequest(InternalModel):
    group_id: GroupId
    user_id: UserId


class RoutingToken(InternalModel):
    routing_token: str
    expires_at: str


class CleanupRequest(InternalModel):
    """`begun` says that nothing more is said in the group; `r2_path` where its verified archive lies, and `head` how
    the chain ends; `rewritten` that this archive takes the place of the one before, whose log it is without somebody's
    words; `deleted` that log and archives go. Without any of them the call only asks for the status.
    """

    group_id: GroupId
    reason: Reason
    begun: bool = False
    r2_path: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    head: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None
    rewritten: bool = False
    deleted: bool = False


class CleanupStatus(InternalModel):
    status: Literal["pending", "active", "archiving", "archived", "deleted"]
    archived_at: str | None = None


@endpoints.add(
    "POST",
    "/infra/groups",
    auth="app",
    status=201,
    errors=(InvalidCredential, NotFound, GroupArchived, InvalidBody, Unavailable),
)
async def initialise_group(call: AppCall, body: SessionRequest) -> SessionOpened:
    """Initialise a group session: the Group Controller, its ephemeral key, its certificate."""
    ports = call.ports
    group = await ports.store.group(body.group_id)
    if group is None or group.org_id != body.org_id:
        raise NotFound
    if group.status not in ("pending", "active"):
        raise GroupArchived
    opened = await open_session(ports, body.group_id, body.user_id, body.session_public_jwk)
    await ports.store.set_status(body.group_id, "active", was="pending")
    return SessionOpened(
        group_controller_id=opened.controller_id,
        session_private_key=opened.private_key,
        session_certificate=opened.certificate,
    )


@endpoints.add(
    "POST",
    "/infra/routing-token",
    auth="app_or_bearer",
    errors=(InvalidCredential, AmbiguousCredential, NotFound, Conflict, InvalidBody, TooManyRequests, Unavailable),
)
async def routing_token(call: Call[RoutingCaller, OrchestratorPorts], body: RoutingTokenRequest) -> RoutingToken:
    """A short-lived stateless token that lets one person into one group."""
    if call.caller.user_id is not None:
        await call.ports.rate_limit.take(call.caller.user_id)
        if call.caller.user_id != body.user_id:
            raise NotFound
    token, expires_s = await issue_routing_token(call.ports, body.group_id, body.user_id)
    return RoutingToken(routing_token=token, expires_at=rfc3339(expires_s * 1000))


@endpoints.add(
    "POST",
    "/infra/cleanup",
    auth="session",
    errors=(InvalidCredential, Forbidden, Conflict, NotFound, InvalidBody, Unavailable),
)
async def cleanup(call: Call[SessionClaims, OrchestratorPorts], body: CleanupRequest) -> CleanupStatus:
    """A Group Controller reports the end of its group's life; saying so twice is the same as once."""
    store = call.ports.store
    group = await own_group(call, body.group_id)
    if body.begun:
        await store.set_status(body.group_id, "archiving", was="active")
    if body.r2_path is not None:
        if not body.r2_path.startswith(f"archives/{group.org_id}/{group.id}/"):
            raise Forbidden("This is not where archives of this group lie")
        if not await call.ports.has_archive(body.r2_path):
            raise Conflict("There is no archive at this place")
        if body.rewritten:
            await store.set_rewritten(body.group_id, body.r2_path, body.head or "")
        else:
            await store.set_archived(body.group_id, rfc3339(call.ports.clock()), body.r2_path, body.head)
    if body.deleted:
        await store.set_deleted(body.group_id, rfc3339(call.ports.clock()))
    archived = await store.archived(body.group_id)
    if archived is not None:
        return CleanupStatus(status="archived", archived_at=archived[0])
    now = await own_group(call, body.group_id)
    if body.r2_path is not None and now.status == "active":
        raise Conflict("This group is not being archived")
    return CleanupStatus.model_validate({"status": now.status})


# ── beyond the contract, by the same rules ──────────────────────────────────────────────────────────────────────────


class RenewalRequest(InternalModel):
    group_id: GroupId


class SessionRenewed(InternalModel):
    session_certificate: str
    expires_s: int


class ArchiveRequest(InternalModel):
    user_id: UserId
    reason: Reason


class HistoryRequest(InternalModel):
    user_id: UserId
    query: History


class SearchRequest(InternalModel):
    user_id: UserId
    query: Search


class PostRequest(InternalModel):
    user_id: UserId
    message: Send


class Status(InternalModel):
    status: Literal["ok"] = "ok"


class Disconnected(InternalModel):
    """In how many groups there may have been sockets of theirs."""

    groups: int


@endpoints.add(
    "POST",
    "/infra/sessions/renew",
    auth="lapsed_session",
    errors=(InvalidCredential, Forbidden, NotFound, InvalidBody, Unavailable),
)
async def renew_session(call: Call[SessionClaims, OrchestratorPorts], body: RenewalRequest) -> SessionRenewed:
    """A fresh certificate for the key of a session that is still its group's latest."""
    group = await own_group(call, body.group_id)
    roster = await call.ports.store.roster(body.group_id)
    if roster is None or group.status == "pending":
        raise NotFound
    claims = call.caller
    certificate, expires_s = certify(call.ports, claims.sub, roster, claims.cnf.jwk, claims.sep)
    if group.session_kid != call.ports.signing_key.thumbprint:
        await call.ports.store.session_renewed(group.id, call.ports.signing_key.thumbprint)
    return SessionRenewed(session_certificate=certificate, expires_s=expires_s)


@endpoints.add("POST", "/infra/groups/{group_id}/roster", auth="app", errors=(InvalidCredential, NotFound, Unavailable))
async def renew_roster(call: AppCall) -> Status:
    """The directory changed: read title, members and agents anew."""
    await rosters.renew_roster(call.ports, call.path["group_id"])
    return Status()


@endpoints.add(
    "POST",
    "/infra/groups/{group_id}/archive",
    auth="app",
    errors=(InvalidCredential, NotFound, InvalidBody, Unavailable),
)
async def archive_group(call: AppCall, body: ArchiveRequest) -> Archived:
    """Archive a group: end what runs, write and verify the archive, close the sockets."""
    group_id = call.path["group_id"]
    group = await call.ports.store.group(group_id)
    if group is None:
        raise NotFound
    if group.status in ("active", "archiving"):
        await reopened_unless_believed(call.ports, group_id, group.session_kid)
    done = await call.ports.store.archived(group_id)
    if done is None:
        # Whatever comes of this call, an archive that was begun is finished by the group, which reports it.
        await call.ports.controllers.ask(group_id, Archive(user_id=body.user_id, reason=body.reason))
        done = await call.ports.store.archived(group_id)
    if done is None:
        raise Unavailable(reason="the archive is not finished yet")
    return Archived(archived_at=done[0], r2_path=done[1])


@endpoints.add(
    "POST",
    "/infra/groups/{group_id}/history",
    auth="app",
    errors=(InvalidCredential, NotFound, InvalidBody, Unavailable),
)
async def read_history(call: AppCall, body: HistoryRequest) -> Response:
    """A page of a group's log, as a member may read it."""
    ask = ReadHistory(user_id=body.user_id, query=body.query)
    page = await call.ports.controllers.ask(call.path["group_id"], ask)
    return Response(page, media_type="application/json", headers={"Cache-Control": "no-store"})


@endpoints.add(
    "POST",
    "/infra/groups/{group_id}/search",
    auth="app",
    errors=(InvalidCredential, NotFound, InvalidBody, Unavailable),
)
async def search_history(call: AppCall, body: SearchRequest) -> SearchOk:
    """What was said in a group, by its words, as a member may read it."""
    ask = SearchHistory(user_id=body.user_id, query=body.query)
    return SearchOk.model_validate_json(await call.ports.controllers.ask(call.path["group_id"], ask))


@endpoints.add(
    "POST",
    "/infra/groups/{group_id}/messages",
    auth="app",
    errors=(InvalidCredential, NotFound, InvalidBody, Unavailable),
)
async def post_message(call: AppCall, body: PostRequest) -> SendOk:
    """Send as a member; idempotency and order are those of the socket."""
    ask = PostMessage(user_id=body.user_id, message=body.message)
    return SendOk.model_validate_json(await call.ports.controllers.ask(call.path["group_id"], ask))


@endpoints.add(
    "POST", "/infra/people/{user_id}/disconnect", auth="app", errors=(InvalidCredential, NotFound, Unavailable)
)
async def disconnect_person(call: AppCall) -> Disconnected:
    """A person's access changed in the directory: close what they opened under the one before."""
    return Disconnected(groups=await disconnect(call.ports, call.path["user_id"]))


async def own_group(call: Call[SessionClaims, OrchestratorPorts], group_id: str) -> GroupRow:
    """The group that this session is of. Raises NotFound for any other, Forbidden when a later session took over.

    One that is later than the directory knows was opened, and then the directory could not be told.
    """
    group = await call.ports.store.group(group_id)
    if group is None or call.caller.gid != group_id or call.caller.sub != group.controller_id:
        raise NotFound
    if call.caller.sep < group.session_epoch:
        raise Forbidden("A newer session of this group has taken over")
    return group


endpoints.rows.extend(health.endpoints.rows)
