"""The App's edge: bindings become ports; sockets, archives and static files go by without passing through Python.

Law: wiring only.
"""

import secrets
from typing import Any
from urllib.parse import urlsplit

from app.access import AccessStore
from app.agent_store import AgentStore
from app.archives import OBJECT_HEADER
from app.auth import authenticate
from app.downloads import with_object
from app.idempotency import Idempotency, KeptAnswers
from app.identity import IdentityProvider
from app.idp_keys import idp_keys
from app.infra import Infra
from app.leases import ObjectLeases
from app.ports import AppPorts
from app.rate_limit import RateLimit
from app.roster_store import RosterStore
from app.routes import endpoints
from app.settings import AppSettings, Idp
from app.sign_in import SignIn
from app.store import Store
from app.usage_store import UsageStore
from app.webhook_store import WebhookStore
from shared import checkup
from shared.cors import Cors
from shared.edge.crypto import NodeEs256, NodeRs256, WebAesGcm, make_id, new_jti
from shared.edge.d1 import D1
from shared.edge.document import Document
from shared.edge.js import now_ms
from shared.edge.metrics import metrics_of_worker
from shared.edge.outbox import ObjectOutboxes
from shared.edge.peer import BoundPeer
from shared.edge.r2 import R2Bucket
from shared.edge.worker import Application, Environment
from shared.entrypoint import QuickFetch
from shared.http import Api
from shared.jwks import RemoteKeys
from shared.log import Log
from shared.signing import Signer
from shared.tokens import Tokens
from shared.webhooks import ReadDeliveries
from workers import WorkerEntrypoint

NO_DELIVERIES = ReadDeliveries(webhook_id=checkup.UNUSED, state=None, after="", limit=1)
API_PATHS = frozenset(row.path.split("/")[1] for row in endpoints.rows)


def build(env: Environment, log: Log) -> Api[AppPorts]:
    settings = AppSettings.load(env.text)
    orchestrator = BoundPeer(env.binding("ORCHESTRATOR"), settings.orchestrator_origin)
    signer = Signer(
        Tokens(NodeEs256()), settings.signing_key, settings.app_id, "orchestrator", settings.orchestrator_origin
    )
    database = D1(env.binding("DB"))
    archives = R2Bucket(env.binding("ARCHIVES"))
    access = AccessStore(database)
    outboxes = ObjectOutboxes(env.binding("WEBHOOK_OUTBOX"))
    ports = AppPorts(
        settings=settings,
        store=Store(database),
        access=access,
        rosters=RosterStore(database),
        agents=AgentStore(database),
        usage=UsageStore(database),
        webhooks=WebhookStore(database),
        outbox=outboxes,
        infra=Infra(orchestrator, signer, now_ms, new_jti),
        archives=archives,
        sign_in=sign_in(settings.idp, access),
        make_id=make_id,
        random_bytes=secrets.token_bytes,
        clock=now_ms,
        log=log,
        checks={
            "database": checkup.of_database(database),
            "archives": checkup.of_bucket(archives),
            "webhook outbox": lambda: outboxes.page(checkup.UNUSED, NO_DELIVERIES),
        },
    )
    once = Idempotency(KeptAnswers(database), WebAesGcm(), settings.operator_token, now_ms)
    cors = Cors(frozenset(settings.cors_origins))
    leases = ObjectLeases(env.binding("RATE_LIMITER"), settings.requests_per_minute)
    around = (RateLimit(leases, settings.requests_per_minute, log), once)
    metrics = metrics_of_worker(env.optional("METRICS"), "app", log)
    return Api(endpoints.rows, authenticate, ports, log, make_id, now_ms, cors, around, metrics)


def sign_in(idp: Idp | None, access: AccessStore) -> SignIn | None:
    if idp is None:
        return None
    keys = RemoteKeys(Document(idp.jwks_url).read, now_ms, idp_keys)
    provider = IdentityProvider(idp.issuer, idp.audience, keys, Tokens(NodeEs256(), NodeRs256()))
    return SignIn(provider, access, idp.org_id, idp.provision, lambda: make_id("usr"), now_ms)


application = Application("app", build)


class Default(QuickFetch, WorkerEntrypoint):
    async def fetch(self, request: Any) -> Any:
        raw = request.js_object
        environment = Environment(self.env)
        match urlsplit(raw.url).path.split("/"):
            case ["", "groups", _, "ws"] | ["", ".well-known", "jwks.json"]:
                return await environment.binding("ORCHESTRATOR").fetch(raw)
            case ["", first, *_] if first in API_PATHS:
                response = await application.serve(raw, self.env, self.ctx)
                if response.headers.has(OBJECT_HEADER):
                    return await with_object(raw, response, environment.binding("ARCHIVES"), application.log)
                return response
            case _:
                return await environment.binding("ASSETS").fetch(raw)
