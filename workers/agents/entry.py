"""The Agents Worker's edge: bindings become ports, requests become calls.

Law: wiring only.
"""

from typing import Any

import js
from pyodide.ffi import JsException

from agents.api import AgentsPorts, authenticate, endpoints
from agents.run_buffer import ObjectRecordings, RunBuffer
from agents.settings import AgentsSettings
from agents.stage import build_stage
from durable_objects.replay_guard import ReplayGuard
from shared.edge.crypto import NodeEs256, make_id
from shared.edge.guard import ObjectReplayGuard
from shared.edge.js import now_ms
from shared.edge.metrics import metrics_of_worker
from shared.edge.worker import Application, Environment
from shared.entrypoint import QuickFetch
from shared.errors import Unavailable
from shared.http import Api
from shared.jwks import RemoteKeys, own_keys
from shared.log import Log
from shared.signing import Verifier
from shared.tokens import Tokens
from workers import WorkerEntrypoint

__all__ = ["Default", "ReplayGuard", "RunBuffer"]


async def _read_jwks(origin: str) -> bytes:
    try:
        response = await js.fetch(f"{origin}/.well-known/jwks.json")
        if response.status != 200:
            raise Unavailable(reason=f"jwks: status {response.status}")
        return bytes((await response.arrayBuffer()).to_bytes())
    except JsException as exc:
        raise Unavailable(reason=f"jwks: {exc}") from exc


def build(env: Environment, log: Log) -> Api[AgentsPorts]:
    settings = AgentsSettings.load(env.text)
    ports = AgentsPorts(
        verifier=Verifier(
            Tokens(NodeEs256()), ObjectReplayGuard(env.binding("REPLAY_GUARD")), "agents", settings.agents_origin
        ),
        issuer_keys=RemoteKeys(lambda: _read_jwks(settings.orchestrator_origin), now_ms, own_keys),
        stage=build_stage(env, log),
        recordings=ObjectRecordings(env.binding("RUN_BUFFER")),
        clock=now_ms,
        log=log,
    )
    metrics = metrics_of_worker(env.optional("METRICS"), "agents", log)
    return Api(endpoints.rows, authenticate, ports, log, make_id, now_ms, metrics=metrics)


application = Application("agents", build)


class Default(QuickFetch, WorkerEntrypoint):
    async def fetch(self, request: Any) -> Any:
        return await application.serve(request.js_object, self.env, self.ctx)
