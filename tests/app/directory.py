"""An App over a real directory, with an Orchestrator that says yes to everything and notes what it was told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from httpx import ASGITransport, AsyncClient, Response

from app.access import AccessStore
from app.agent_store import AgentStore
from app.auth import authenticate, token_digest
from app.infra import Infra
from app.roster_store import RosterStore
from app.routes import endpoints
from app.store import Store
from shared.errors import Unavailable
from shared.http import Api
from shared.ids import new_id
from shared.ports import Reply
from shared.signing import Signer
from shared.tokens import Tokens
from tests.app.test_health import Orchestrator, ports_with
from tests.fakes import FakeDatabase
from tests.shared.hostile import ES256

THEN: Final = "1970-01-01T00:00:00.000Z"


def the(kind: str, name: str) -> str:
    """The id of whoever or whatever is called so."""
    return f"{kind}_0" + name.upper().translate(str.maketrans("ILOU", "1100")).ljust(25, "0")


ORG, ABROAD = the("org", "here"), the("org", "there")
PUBLIC, PRIVATE = the("grp", "public"), the("grp", "private")
SCRIBE, SAGE, SPY = the("agt", "scribe"), the("agt", "sage"), the("agt", "spy")
# Olga and Amy run the org; Gus owns the groups, and Amy and Mia are in them. Joe is of the org and in none.
PEOPLE: Final = {
    "olga": (ORG, "owner"),
    "amy": (ORG, "admin"),
    "gus": (ORG, "member"),
    "mia": (ORG, "member"),
    "joe": (ORG, "member"),
    "eve": (ABROAD, "owner"),
}
MEMBERS: Final = {"gus": "owner", "amy": "member", "mia": "member"}
SAID: Final[Mapping[str, object]] = {
    "routing_token": "rt",
    "expires_at": THEN,
    "archived_at": THEN,
    "r2_path": "archives/a.ndjson.gz",
    "groups": 1,
    "pending": [],
    "seq": 1,
    "epoch": "epo_1",
    "ts": THEN,
    "hits": [],
    "more": False,
    "messages": [],
}


@dataclass
class Yes(Orchestrator):
    told: list[tuple[str, Any]] = field(default_factory=list)
    said: dict[str, object] = field(default_factory=lambda: dict(SAID))
    away: str = ""
    """The group that cannot be reached, if any."""

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        assert (method, headers["Authorization"][:9]) == ("POST", "GroupSig ")
        if self.away and self.away in target:
            raise Unavailable(reason="away")
        self.told.append((target, json.loads(body)))
        return Reply(200, json.dumps(self.said).encode())


class Directory:
    """Their bearers are their names."""

    def __init__(self, status: str = "active", database: FakeDatabase | None = None) -> None:
        self.database, self.orchestrator = database or FakeDatabase(), Yes()
        self._furnish(status)
        ports, self._ids = ports_with(None), 0
        signer = Signer(Tokens(ES256), ports.settings.signing_key, "app", "orchestrator", "https://o.test")
        ports = replace(
            ports,
            store=Store(self.database),
            access=AccessStore(self.database),
            rosters=RosterStore(self.database),
            agents=AgentStore(self.database),
            infra=Infra(self.orchestrator, signer, lambda: 0, lambda: "x" * 22),
            make_id=self._new_id,
            random_bytes=self._new_bytes,
        )
        api = Api(endpoints.rows, authenticate, ports, ports.log, self._new_id, ports.clock)
        self.client = AsyncClient(transport=ASGITransport(api.asgi()), base_url="https://app.test")

    def _furnish(self, status: str) -> None:
        insert = self.database.insert
        for org_id in (ORG, ABROAD):
            insert("orgs", id=org_id, name="Org", created_at=THEN)
        for name, (org_id, role) in PEOPLE.items():
            insert("people", id=the("usr", name), org_id=org_id, name=name, role=role, created_at=THEN)
            digest = token_digest(name)
            insert("tokens", id=the("tok", name), user_id=the("usr", name), sha256=digest, label="t", created_at=THEN)
        for agent_id, org_id in ((SCRIBE, ORG), (SAGE, ORG), (SPY, ABROAD)):
            words = {"provider": "builtin", "model": "scribe", "instructions": ""}
            insert(
                "agents", id=agent_id, org_id=org_id, handle=agent_id[4:8].lower(), name="A", created_at=THEN, **words
            )
        for group_id, private in ((PUBLIC, 0), (PRIVATE, 1)):
            path = "archives/a.ndjson.gz" if status == "archived" else None
            words = {"title": "T", "created_by": the("usr", "gus"), "created_at": THEN}
            insert("groups", id=group_id, org_id=ORG, is_private=private, status=status, r2_path=path, **words)
            insert("group_agents", group_id=group_id, agent_id=SCRIBE)
            for name, role in MEMBERS.items():
                insert("memberships", group_id=group_id, user_id=the("usr", name), role=role, created_at=THEN)

    def _new_id(self, prefix: str) -> str:
        self._ids += 1
        return new_id(prefix, 1, self._ids.to_bytes(10))

    def _new_bytes(self, count: int) -> bytes:
        self._ids += 1
        return self._ids.to_bytes(count)

    async def ask(self, who: str, method: str, path: str, body: object = None) -> Response:
        return await self.client.request(method, path, headers={"Authorization": f"Bearer {who}"}, json=body)

    async def all_of_it(self) -> list[Any]:
        """Every row that says who may do what."""
        tables = ("orgs", "people", "tokens", "agents", "groups", "memberships", "group_agents")
        return [[dict(row) for row in await self.database.rows(f"SELECT * FROM {table}")] for table in tables]  # noqa: S608 -- constants

    async def close(self) -> None:
        await self.client.aclose()
        self.database.close()
