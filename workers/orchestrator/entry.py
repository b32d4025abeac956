"""The Orchestrator's edge: bindings become ports, admitted sockets go on to their group.

Law: wiring only.
"""

from typing import Any
from urllib.parse import urlsplit

from durable_objects.group_controller import GroupController
from durable_objects.rate_limiter import RateLimiter
from durable_objects.replay_guard import ReplayGuard
from orchestrator.admission import Doorkeeper, UpgradeRequest, group_of
from orchestrator.catching_up import catch_up
from orchestrator.controllers import ObjectControllers
from orchestrator.parts import checks
from orchestrator.ports import AppKeys, OrchestratorPorts
from orchestrator.rate_limit import ObjectRateLimit
from orchestrator.routes import authenticate, endpoints
from orchestrator.settings import OrchestratorSettings
from orchestrator.store import Store
from orchestrator.webhook_outbox import WebhookOutbox
from shared import evidence
from shared.clock import seconds
from shared.edge.crypto import NodeEs256, make_id, new_jti, new_private_key
from shared.edge.d1 import D1
from shared.edge.guard import ObjectReplayGuard
from shared.edge.js import header_items, now_ms
from shared.edge.metrics import metrics_of_worker
from shared.edge.peer import BoundPeer
from shared.edge.r2 import R2Bucket
from shared.edge.refusal import refuse
from shared.edge.tracing import header_of
from shared.edge.worker import Application, Environment
from shared.entrypoint import QuickFetch
from shared.errors import ParleyError
from shared.http import Api
from shared.ids import is_id
from shared.jwks import OwnKeys
from shared.log import Log
from shared.signing import Verifier
from shared.tokens import Tokens
from shared.trace import enter
from workers import WorkerEntrypoint

__all__ = ["Default", "GroupController", "RateLimiter", "ReplayGuard", "WebhookOutbox"]


def build(env: Environment, log: Log) -> Api[OrchestratorPorts]:
    settings = OrchestratorSettings.load(env.text)
    tokens = Tokens(NodeEs256())
    database = D1(env.binding("DB"))
    store = Store(database)
    published = settings.signing_keys.published()
    guard = ObjectReplayGuard(env.binding("REPLAY_GUARD"))
    controllers = ObjectControllers(env.binding("GROUP_CONTROLLER"))
    archives = R2Bucket(env.binding("ARCHIVES"))
    agents = BoundPeer(env.binding("AGENTS"), settings.agents_origin)
    ports = OrchestratorPorts(
        store=store,
        tokens=tokens,
        verifier=Verifier(tokens, guard, "orchestrator", settings.orchestrator_origin),
        app_keys=AppKeys(store, now_ms),
        own_keys=OwnKeys(published),
        signing_key=settings.signing_keys.keys[0],
        published=published,
        controllers=controllers,
        has_archive=archives.has,
        rate_limit=ObjectRateLimit(
            env.binding("RATE_LIMITER"), settings.routing_tokens_per_minute, settings.routing_tokens_burst
        ),
        new_private_key=new_private_key,
        new_jti=new_jti,
        clock=now_ms,
        log=log,
        checks=checks(database, archives, agents, controllers, guard, new_jti, now_ms),
    )
    metrics = metrics_of_worker(env.optional("METRICS"), "orchestrator", log)
    return Api(endpoints.rows, authenticate, ports, log, make_id, now_ms, metrics=metrics)


application = Application("orchestrator", build)


class Door:
    """The way of sockets to their groups. What it checks with is built once, at the first of them."""

    def __init__(self) -> None:
        self._built: tuple[Doorkeeper, ObjectControllers] | None = None

    async def connect(self, request: Any, env: Any, group_id: str) -> Any:
        """The group's response to an admitted upgrade; a refusal is a problem response."""
        enter(header_of(request), make_id("req"))
        evidence.begin()
        upgrade = UpgradeRequest(
            request.method, group_id, urlsplit(request.url).query, dict(header_items(request.headers))
        )
        try:
            self._built = self._built or _build_door(Environment(env))
            doorkeeper, controllers = self._built
            admission = doorkeeper.admit(upgrade, controllers.controller_id(group_id), seconds(now_ms()))
        except ParleyError as exc:
            known = group_id if is_id("grp", group_id) else None  # a path may hold anything, also a misplaced token
            application.log("socket_refused", group_id=known, code=exc.code, reason=exc.reason)
            metrics = metrics_of_worker(Environment(env).optional("METRICS"), "orchestrator", application.log)
            metrics.add("refusal", exc.code)
            metrics.flush()
            return refuse(exc)
        evidence.note(sub=admission.claims.sub, jti=admission.claims.jti)
        application.log("socket_admitted", group_id=group_id, **evidence.noted())
        return await controllers.connect(group_id, admission)


def _build_door(env: Environment) -> tuple[Doorkeeper, ObjectControllers]:
    settings = OrchestratorSettings.load(env.text)
    keys = settings.signing_keys.published().by_id()
    doorkeeper = Doorkeeper(Tokens(NodeEs256()), keys, settings.allowed_origins)
    return doorkeeper, ObjectControllers(env.binding("GROUP_CONTROLLER"))


door = Door()


class Default(QuickFetch, WorkerEntrypoint):
    async def scheduled(self, _event: Any, _env: Any = None, _ctx: Any = None) -> None:
        """Every minute, see `triggers` in wrangler.toml."""
        enter(None, make_id("req"))
        try:
            await catch_up(application.ports(self.env))
        except ParleyError as exc:
            application.log("not_caught_up", code=exc.code, reason=exc.reason)

    async def fetch(self, request: Any) -> Any:
        group_id = group_of(urlsplit(request.js_object.url).path)
        if group_id is not None:
            return await door.connect(request.js_object, self.env, group_id)
        return await application.serve(request.js_object, self.env, self.ctx)
