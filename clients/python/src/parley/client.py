"""The REST API of Parley, as one person may use it."""

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any, Self, TypeVar

import httpx

from parley.decode import decode
from parley.errors import Undecodable
from parley.group import DEFAULT_EDGE, Group
from parley.line import Edge
from parley.records import (
    AgentRecord,
    Archived,
    CreatedGroup,
    CreatedOrg,
    GroupRecord,
    NewToken,
    Person,
    RoutingToken,
    TokenRecord,
)
from parley.replies import Page, Sent, page_of
from parley.rest import Rest

T = TypeVar("T")


class Parley:
    """`async with Parley(base_url, token) as client`. Every method raises ParleyError; without a network, Unreachable.

    `transport` replaces the network below HTTP, `edge` the one below the socket.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        edge: Edge = DEFAULT_EDGE,
    ) -> None:
        self._base_url = base_url
        self._rest = Rest(base_url, token, transport=transport)
        self._edge = edge

    async def __aenter__(self) -> Self:
        await self._rest.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._rest.__aexit__(*error)

    # ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def create_group(
        self, org_id: str, title: str, *, is_private: bool = True, agent_ids: tuple[str, ...] = ()
    ) -> CreatedGroup:
        body = {"org_id": org_id, "title": title, "is_private": is_private, "agent_ids": list(agent_ids)}
        return decode(CreatedGroup, await self._rest.call("POST", "/groups", body))

    async def group(self, group_id: str) -> GroupRecord:
        return decode(GroupRecord, await self._rest.call("GET", f"/groups/{group_id}"))

    def groups(self) -> AsyncIterator[GroupRecord]:
        """The groups of this person, page after page. Members and agents are in `group` alone."""
        return self._all("groups", GroupRecord)

    async def add_member(self, group_id: str, user_id: str, role: str = "member") -> None:
        await self._rest.call("POST", f"/groups/{group_id}/members", {"user_id": user_id, "role": role})

    async def token(self, group_id: str) -> RoutingToken:
        """The way onto the group's socket, for a minute. `join` gets its own."""
        return decode(RoutingToken, await self._rest.call("POST", f"/groups/{group_id}/token"))

    def join(
        self, group_id: str, *, since: int | None = None, epoch: str | None = None, token_in_query: bool = False
    ) -> Group:
        """The group's room: `async with client.join(group_id) as room`."""
        return Group(
            self._base_url,
            group_id,
            token=partial(self._rest.routing_token, group_id),
            since=since,
            epoch=epoch,
            token_in_query=token_in_query,
            edge=self._edge,
        )

    # ── messages without a socket ───────────────────────────────────────────────────────────────────────────────────

    async def send(self, group_id: str, text: str, *, client_msg_id: str, reply_to: int | None = None) -> Sent:
        """Stored once, however often it is said with this `client_msg_id` and whichever way."""
        body = {"client_msg_id": client_msg_id, "text": text} | ({} if reply_to is None else {"reply_to": reply_to})
        return decode(Sent, await self._rest.call("POST", f"/groups/{group_id}/messages", body))

    async def history(
        self, group_id: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> Page:
        """The `limit` events before or after a seq, oldest first; without either, the newest."""
        ends = {"before": before, "after": after, "limit": limit}
        query = {name: str(value) for name, value in ends.items() if value is not None}
        return page_of(_object(await self._rest.call("GET", f"/groups/{group_id}/messages", query=query)))

    # ── archives ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def archive(self, group_id: str, reason: str) -> Archived:
        """Ends the group and stores its log."""
        return decode(Archived, await self._rest.call("POST", f"/groups/{group_id}/archive", {"reason": reason}))

    async def manifest(self, group_id: str) -> Mapping[str, Any]:
        """What the archive holds and who vouches for it, word for word: its hash is signed."""
        return _object(await self._rest.call("GET", f"/groups/{group_id}/archive/manifest"))

    def download_archive(self, group_id: str) -> AsyncIterator[bytes]:
        """The archive as stored: gzip, one event a line."""
        return self._rest.bytes_of(f"/groups/{group_id}/archive")

    async def restore(self, group_id: str, reason: str) -> None:
        """An archived group lives again: its log goes on where it ended, under a new epoch."""
        await self._rest.call("POST", f"/groups/{group_id}/restore", {"reason": reason})

    async def delete_group(self, group_id: str) -> None:
        """Deletes a group and its archives for good."""
        await self._rest.call("DELETE", f"/groups/{group_id}")

    # ── people and agents ───────────────────────────────────────────────────────────────────────────────────────────

    async def me(self) -> Person:
        return decode(Person, await self._rest.call("GET", "/me"))

    async def create_org(self, name: str, owner_name: str) -> CreatedOrg:
        """For the operator of the deployment, whose token this client then has to hold."""
        return decode(CreatedOrg, await self._rest.call("POST", "/orgs", {"name": name, "owner_name": owner_name}))

    def people(self) -> AsyncIterator[Person]:
        return self._all("people", Person)

    async def create_person(self, name: str, role: str = "member") -> Person:
        return decode(Person, await self._rest.call("POST", "/people", {"name": name, "role": role}))

    async def disable_person(self, person_id: str) -> None:
        """Ends all their tokens and connections; they stay in their groups."""
        await self._rest.call("DELETE", f"/people/{person_id}")

    async def enable_person(self, person_id: str) -> None:
        """Undoes `disable_person`; their old tokens stay dead."""
        await self._rest.call("POST", f"/people/{person_id}/enable")

    def tokens(self, person_id: str) -> AsyncIterator[TokenRecord]:
        return self._all("tokens", TokenRecord, path=f"/people/{person_id}/tokens")

    async def create_token(self, person_id: str, label: str, *, expires_in_days: int | None = None) -> NewToken:
        body = {"label": label} | ({} if expires_in_days is None else {"expires_in_days": expires_in_days})
        return decode(NewToken, await self._rest.call("POST", f"/people/{person_id}/tokens", body))

    async def revoke_token(self, person_id: str, token_id: str) -> None:
        await self._rest.call("DELETE", f"/people/{person_id}/tokens/{token_id}")

    async def create_agent(
        self,
        handle: str,
        name: str,
        *,
        provider: str,
        model: str,
        instructions: str = "",
        tools: tuple[str, ...] = (),
    ) -> AgentRecord:
        body = {"handle": handle, "name": name, "provider": provider, "model": model}
        more = {"instructions": instructions, "tools": list(tools)}
        return decode(AgentRecord, await self._rest.call("POST", "/agents", body | more))

    def agents(self) -> AsyncIterator[AgentRecord]:
        return self._all("agents", AgentRecord)

    # ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _all(self, noun: str, kind: type[T], *, path: str | None = None) -> AsyncIterator[T]:
        after: str | None = None
        while True:
            query = None if after is None else {"after": after}
            page = _object(await self._rest.call("GET", path or f"/{noun}", query=query))
            for item in page.get(noun, ()):
                yield decode(kind, item)
            after = page.get("next")
            if after is None:
                return


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Undecodable("the answer is not an object")
    return value
