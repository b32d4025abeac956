"""The App's signed calls to the Orchestrator."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from shared.checkup import Checkup
from shared.clock import Clock, seconds
from shared.errors import InternalError, ParleyError, Unavailable, error_of
from shared.ports import StreamingPeer
from shared.protocol import History, Send
from shared.replies import SendOk
from shared.search import Search, SearchOk
from shared.signing import Signer

R = TypeVar("R", bound=BaseModel)
_BAD = 400


class RoutingToken(BaseModel):
    routing_token: str
    expires_at: str


class ArchivedAt(BaseModel):
    archived_at: str
    r2_path: str


class Erased(BaseModel):
    groups: int
    pending: list[str]


class Infra:
    """All methods raise the error that the Orchestrator reported, or Unavailable."""

    def __init__(self, peer: StreamingPeer, signer: Signer, clock: Clock, new_jti: Callable[[], str]) -> None:
        self._peer = peer
        self._signer = signer
        self._clock = clock
        self._new_jti = new_jti

    async def open_group(self, group_id: str, org_id: str, user_id: str) -> None:
        await self._post("/infra/groups", {"group_id": group_id, "org_id": org_id, "user_id": user_id})

    async def renew_roster(self, group_id: str) -> None:
        await self._post(f"/infra/groups/{group_id}/roster", {})

    async def routing_token(self, group_id: str, user_id: str) -> RoutingToken:
        body = await self._post("/infra/routing-token", {"group_id": group_id, "user_id": user_id})
        return RoutingToken.model_validate_json(body)

    async def disconnect(self, user_id: str) -> None:
        """Closes what a person has open, after their access has changed."""
        await self._post(f"/infra/people/{user_id}/disconnect", {})

    async def erase(self, user_id: str, by: str) -> Erased:
        """Takes out what a person said, after the directory has let go of them."""
        return Erased.model_validate_json(await self._post(f"/infra/people/{user_id}/erase", {"by": by}))

    async def authored(self, group_id: str, user_id: str, limit: int) -> AsyncIterator[list[dict[str, Any]]]:
        """What a person said in a group, `limit` messages at a time."""
        after, more = 0, True
        while more:
            asked = {"user_id": user_id, "after": after, "limit": limit}
            page = json.loads(await self._post(f"/infra/groups/{group_id}/authored", asked))
            more = page["more"]
            if page["messages"]:
                after = page["messages"][-1]["seq"]
                yield page["messages"]

    async def archive(self, group_id: str, user_id: str, reason: str) -> ArchivedAt:
        body = await self._post(f"/infra/groups/{group_id}/archive", {"user_id": user_id, "reason": reason})
        return ArchivedAt.model_validate_json(body)

    async def restore(self, group_id: str, user_id: str, reason: str) -> None:
        await self._post(f"/infra/groups/{group_id}/restore", {"user_id": user_id, "reason": reason})

    async def delete(self, group_id: str, user_id: str, reason: str) -> None:
        await self._post(f"/infra/groups/{group_id}/delete", {"user_id": user_id, "reason": reason})

    async def history(self, group_id: str, user_id: str, query: History) -> bytes:
        """A page as it stands on the wire."""
        asked = {"user_id": user_id, "query": query.model_dump(exclude_none=True)}
        return await self._post(f"/infra/groups/{group_id}/history", asked)

    async def search(self, group_id: str, user_id: str, query: Search) -> SearchOk:
        asked = {"user_id": user_id, "query": query.model_dump(exclude_none=True)}
        return SearchOk.model_validate_json(await self._post(f"/infra/groups/{group_id}/search", asked))

    async def checkup(self) -> Checkup:
        return Checkup.model_validate_json(await self._post("/infra/checkup", {}))

    async def send(self, group_id: str, user_id: str, message: Send) -> SendOk:
        asked = {"user_id": user_id, "message": message.model_dump(exclude_none=True)}
        return SendOk.model_validate_json(await self._post(f"/infra/groups/{group_id}/messages", asked))

    async def read_run(self, group_id: str, user_id: str, run_id: str, offset: int) -> AsyncIterator[bytes]:
        """The run's frames, one a line, in pieces of any size."""
        target = f"/infra/groups/{group_id}/runs/{run_id}/frames"
        raw, headers = self._signed(target, {"user_id": user_id, "offset": offset})
        status, pieces = await self._peer.stream("POST", target, headers, raw)
        if status >= _BAD:
            raise _reported(b"".join([piece async for piece in pieces]))
        return pieces

    def _signed(self, target: str, body: Mapping[str, object]) -> tuple[bytes, dict[str, str]]:
        raw = json.dumps(body).encode()
        return raw, self._signer.headers("POST", target, raw, now_s=seconds(self._clock()), jti=self._new_jti())

    async def _post(self, target: str, body: Mapping[str, object]) -> bytes:
        raw, headers = self._signed(target, body)
        reply = await self._peer.call("POST", target, headers, raw)
        if reply.status >= _BAD:
            raise _reported(reply.body)
        return reply.body


def _reported(body: bytes) -> ParleyError:
    """The Orchestrator's failure as the App's. A refusal of *our* signature is our fault, not the caller's."""
    try:
        problem = json.loads(body)
        failure = error_of(problem["code"], problem["detail"], problem.get("retry_after_ms"))
    except (ValueError, KeyError, TypeError):
        return Unavailable(reason="the Orchestrator answered something unreadable")
    if failure.code == "invalid_credential":
        return InternalError(reason="the Orchestrator does not accept this app's signature")
    return failure
