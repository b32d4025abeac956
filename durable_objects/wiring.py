"""What a Group Controller is made of, put together from its state and its bindings.

Law: wiring only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from durable_objects.agent_calls import AgentCalls
from durable_objects.caretaker import Caretaker, new_seal
from durable_objects.effects import Happening, Stalled
from durable_objects.group import Group
from durable_objects.journal import Journal
from durable_objects.performer import Performer
from durable_objects.renewal import Sessions
from durable_objects.settings import ControllerSettings
from durable_objects.sockets import Sockets
from shared.clock import seconds
from shared.edge.crypto import NodeEs256, make_id, new_jti
from shared.edge.js import now_ms
from shared.edge.metrics import metrics_of_object
from shared.edge.object_sql import ObjectSql
from shared.edge.outbox import ObjectOutboxes
from shared.edge.peer import BoundPeer
from shared.edge.worker import Environment
from shared.log import Log
from shared.metrics import Metrics
from shared.routing import verify_routing_token
from shared.tokens import SESSION, Tokens


@dataclass(frozen=True)
class Parts:
    sockets: Sockets
    group: Group
    caretaker: Caretaker
    performer: Performer
    metrics: Metrics


def wire(ctx: Any, env: Any, log: Log, receive: Callable[[Happening], None]) -> Parts:
    """`ctx` is the raw JavaScript DurableObjectState; `receive` hears of what happens by itself.

    Raises Misconfigured.
    """
    environment = Environment(env)
    settings = ControllerSettings.load(environment.text)
    tokens, keys = Tokens(NodeEs256()), settings.signing_keys.published().by_id()
    metrics = metrics_of_object(environment.optional("METRICS"), "group_controller", log)
    sockets = Sockets(ctx, lambda session: receive(Stalled(session)), now_ms, metrics)
    group = Group(
        Journal(ObjectSql(ctx.storage)),
        sockets,
        lambda token, gid: verify_routing_token(tokens, token, keys, gid, str(ctx.id), seconds(now_ms())),
        now_ms,
        make_id,
        new_seal,
        settings.limits(),
        settings.terms(),
        metrics,
        lambda certificate: tokens.open(SESSION, certificate).kid in keys,
    )
    agents = BoundPeer(environment.binding("AGENTS"), settings.agents_origin)
    orchestrator = BoundPeer(ctx.exports.default, settings.orchestrator_origin)
    sessions = Sessions(group.room, orchestrator, settings.orchestrator_origin, tokens, new_jti)
    calls = AgentCalls(agents, sessions, tokens, group, receive, log)
    outboxes = ObjectOutboxes(environment.binding("WEBHOOK_OUTBOX"))
    caretaker = Caretaker(group, sessions, environment.binding("ARCHIVES"), tokens, outboxes)
    return Parts(sockets, group, caretaker, Performer(ctx.storage, sockets, calls, caretaker, log), metrics)
