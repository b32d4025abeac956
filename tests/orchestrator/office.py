"""An Orchestrator with everything around it faked but its database: what tests of its API drive."""

from collections.abc import AsyncIterator, Container, Mapping
from typing import Any

from httpx import ASGITransport, AsyncClient, Response

from durable_objects.calls import ControllerCall, RosterSet
from orchestrator.ports import AppKeys, OrchestratorPorts
from orchestrator.routes import authenticate, endpoints
from orchestrator.store import Store
from shared.http import Api
from shared.ids import new_id
from shared.jwks import OwnKeys
from shared.keys import PrivateKeySet, b64url
from shared.log import Log
from shared.signing import CERTIFICATE_HEADER, SCHEME, Verifier, certificate_hash, content_digest
from shared.tokens import ORCHESTRATOR, REQUEST, SESSION, Tokens
from tests.fakes import FakeDatabase, FakeRateLimit, FakeReplayGuard
from tests.shared.credential import Credential
from tests.shared.hostile import ES256
from tools.es256 import new_private_key

NOW_S = 1_800_000_000
LONG_AGO, LATER = "2020-01-01T00:00:00.000Z", "2030-01-01T00:00:00.000Z"
ORIGIN = "https://orchestrator.test"
APP_KEY, ISSUER_KEY, SESSION_KEY, STRANGER = (new_private_key() for _ in range(4))
ORG, OTHER_ORG = "org_" + "0" * 26, "org_" + "1" * 26
GROUP, OTHER_GROUP, ABSENT = "grp_" + "0" * 26, "grp_" + "1" * 26, "grp_" + "2" * 26
ADA, BEN, EVE = ("usr_" + digit * 26 for digit in "012")
SCRIBE = "agt_" + "0" * 26
EPOCH = 3


class FakeControllers:
    """`orchestrator.ports.Controllers`: remembers what was asked, covers every roster."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ControllerCall]] = []
        self.answer = RosterSet(covered=True).model_dump_json()

    def controller_id(self, group_id: str) -> str:
        return f"controller-of-{group_id}"

    async def ask(self, group_id: str, call: ControllerCall) -> str:
        self.asked.append((group_id, call))
        return self.answer

    async def read_run(self, group_id: str, user_id: str, run_id: str, offset: int) -> AsyncIterator[bytes]:
        self.read = (group_id, user_id, run_id, offset)
        return _pieces(b'{"type":"run"}\n', b'{"type":"run.delta"}\n')


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class Office:
    """Ada's group, with Ben in it and the scribe; Eve is of another org and has a group of her own."""

    def __init__(self, database: FakeDatabase | None = None, controllers: FakeControllers | None = None) -> None:
        self.now_ms = NOW_S * 1000
        self.database = database or FakeDatabase()
        self.controllers = controllers or FakeControllers()
        self.guard = FakeReplayGuard()
        self.rate_limit = FakeRateLimit()
        self.lines: list[str] = []
        self._jtis = 0
        self._furnish()
        tokens, store = Tokens(ES256), Store(self.database)
        published = PrivateKeySet(keys=(ISSUER_KEY,)).published()
        log = Log(self.lines.append, lambda: self.now_ms, "orchestrator")
        self.archives: Container[str] | None = None
        self.ports = OrchestratorPorts(
            store=store,
            tokens=tokens,
            verifier=Verifier(tokens, self.guard, "orchestrator", ORIGIN),
            app_keys=AppKeys(store, lambda: self.now_ms),
            own_keys=OwnKeys(published),
            signing_key=ISSUER_KEY,
            published=published,
            controllers=self.controllers,
            rate_limit=self.rate_limit,
            has_archive=self._has_archive,
            new_private_key=self._new_key,
            new_jti=self.jti,
            clock=lambda: self.now_ms,
            log=log,
        )
        app = Api(endpoints.rows, authenticate, self.ports, log, self._new_id, lambda: self.now_ms).asgi()
        self.client = AsyncClient(transport=ASGITransport(app), base_url=ORIGIN)

    async def _has_archive(self, key: str) -> bool:
        """Of `archives`, where somebody cares."""
        return self.archives is None or key in self.archives

    def _furnish(self) -> None:
        insert = self.database.insert
        insert(
            "app_keys", kid=APP_KEY.thumbprint, app_id="app", jwk=APP_KEY.public.model_dump_json(), not_before=LONG_AGO
        )
        for org, people in ((ORG, (ADA, BEN)), (OTHER_ORG, (EVE,))):
            insert("orgs", id=org, name="Org", created_at=LONG_AGO)
            for person in people:
                insert("people", id=person, org_id=org, name="Somebody", role="member", created_at=LONG_AGO)
        insert(
            "agents",
            id=SCRIBE,
            org_id=ORG,
            handle="scribe",
            name="Scribe",
            provider="builtin",
            model="scribe",
            instructions="",
            created_at=LONG_AGO,
        )
        for group, org, people in ((GROUP, ORG, (ADA, BEN)), (OTHER_GROUP, OTHER_ORG, (EVE,))):
            insert(
                "groups",
                id=group,
                org_id=org,
                title="Test",
                is_private=1,
                status="active",
                created_by=people[0],
                created_at=LONG_AGO,
                session_epoch=EPOCH,
                group_controller_id=self.controllers.controller_id(group),
                session_kid=ISSUER_KEY.thumbprint,
            )
            for person in people:
                insert("memberships", group_id=group, user_id=person, role="member", created_at=LONG_AGO)
        insert("group_agents", group_id=GROUP, agent_id=SCRIBE)

    def jti(self) -> str:
        self._jtis += 1
        return b64url(self._jtis.to_bytes(16))

    async def _new_key(self) -> Any:  # noqa: ANN401 -- a PrivateKey
        return new_private_key()

    def _new_id(self, prefix: str) -> str:
        return new_id(prefix, self.now_ms, bytes(10))

    # ── callers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def request(self, target: str, body: bytes, issuer: str, **more: object) -> dict[str, Any]:
        return {
            "iss": issuer,
            "sub": issuer,
            "aud": "orchestrator",
            "htm": "POST",
            "htu": ORIGIN + target,
            "cdg": content_digest(body),
            "iat": NOW_S,
            "exp": NOW_S + 30,
            "jti": self.jti(),
            **more,
        }

    def as_app(self, target: str, body: bytes) -> dict[str, str]:
        return signed(Credential(REQUEST, self.request(target, body, "app"), APP_KEY).token(), body)

    def as_session(self, target: str, body: bytes, **certified: object) -> dict[str, str]:
        controller_id = str(certified.get("sub", self.controllers.controller_id(GROUP)))
        claims = {
            "iss": ORCHESTRATOR,
            "sub": controller_id,
            "aud": ["agents", "orchestrator"],
            "gid": GROUP,
            "sep": EPOCH,
            "agents": [SCRIBE],
            "scope": "group",
            "cnf": {"jwk": SESSION_KEY.public.model_dump()},
            "iat": NOW_S,
            "exp": NOW_S + SESSION.life_s,
            "jti": self.jti(),
            **certified,
        }
        certificate = Credential(SESSION, claims, ISSUER_KEY).token()
        request = self.request(target, body, controller_id, ath=certificate_hash(certificate))
        return {**signed(Credential(REQUEST, request, SESSION_KEY).token(), body), CERTIFICATE_HEADER: certificate}

    async def post(self, target: str, body: bytes, headers: Mapping[str, str]) -> Response:
        media = {"Content-Type": "application/json"}
        return await self.client.post(target, content=body, headers={**media, **headers})


def signed(token: str, body: bytes) -> dict[str, str]:
    return {"Authorization": f"{SCHEME} {token}", "Content-Digest": content_digest(body)}


def verdict(response: Response) -> tuple[int, str]:
    return response.status_code, str(response.json().get("code", ""))
