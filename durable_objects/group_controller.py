"""The Durable Object of one group: callbacks in, effects out.

Law: no rule, no SQL, no JSON of the protocol. Every callback does the same three steps: hand what happened to the
group, take the effects, have them run in their order. When that fails, memory is rebuilt from the journal.
"""

from typing import Any

import js

from durable_objects.agent_calls import AgentCalls
from durable_objects.calls import CONTROLLER_CALL
from durable_objects.caretaker import Caretaker
from durable_objects.effects import Arrived, Connected, Disconnected, Happening, Rang, Stalled, Woke
from durable_objects.group import Group
from durable_objects.journal import Journal
from durable_objects.performer import Performer
from durable_objects.renewal import Sessions
from durable_objects.settings import ControllerSettings
from durable_objects.sockets import Sockets
from durable_objects.upgrade import accept_upgrade
from shared.clock import seconds
from shared.edge.crypto import NodeEs256, make_id, new_jti
from shared.edge.js import now_ms
from shared.edge.object_sql import ObjectSql
from shared.edge.peer import BoundPeer
from shared.edge.refusal import refuse
from shared.edge.worker import Environment
from shared.errors import ParleyError
from shared.log import Log
from shared.routing import verify_routing_token
from shared.tokens import Tokens
from workers import DurableObject


class GroupController(DurableObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        raw, environment = ctx._ctx, Environment(env)
        settings = ControllerSettings.load(environment.text)
        tokens, keys = Tokens(NodeEs256()), settings.signing_keys.published().by_id()
        self._log = Log(js.console.log, now_ms, "group_controller")
        self._sockets = Sockets(raw, lambda session: self._receive(Stalled(session)))
        self._group = Group(
            Journal(ObjectSql(raw.storage)),
            self._sockets,
            lambda token, gid: verify_routing_token(tokens, token, keys, gid, str(raw.id), seconds(now_ms())),
            now_ms,
            make_id,
            settings.limits(),
            settings.terms(),
        )
        agents = BoundPeer(environment.binding("AGENTS"), settings.agents_origin)
        orchestrator = BoundPeer(raw.exports.default, settings.orchestrator_origin)
        sessions = Sessions(self._group.room, orchestrator, settings.orchestrator_origin, tokens, new_jti)
        calls = AgentCalls(agents, sessions, tokens, self._group, self._receive, self._log)
        bucket = environment.binding("ARCHIVES")
        self._caretaker = Caretaker(self._group, sessions, bucket, orchestrator, tokens, keys)
        self._performer = Performer(raw.storage, self._sockets, calls, self._caretaker, self._log)
        self._awake = False

    async def fetch(self, request: Any) -> Any:
        """A socket that the Orchestrator has admitted."""
        self._wake()
        try:
            response, session = accept_upgrade(request.js_object, self._group, self._sockets, now_ms())
        except ParleyError as exc:
            return refuse(exc)
        self._receive(Connected(session))
        return response

    async def answer(self, text: str) -> str:
        """A call of the Orchestrator."""
        self._wake()
        try:
            call = CONTROLLER_CALL.validate_json(text)
            await self._caretaker.prepare(call)
            reply, effects = self._group.answer(call)
            self._performer.run(effects)
            self._performer.run(await self._caretaker.complete(call))
        except ParleyError as exc:
            return self._group.failure(exc)
        return f'{{"ok":{reply}}}'

    # Not coroutines: each would cost a task of Python's event loop, 0.15 ms a frame.
    def webSocketMessage(self, socket: Any, message: Any) -> None:  # noqa: N802 -- the runtime's name
        self._wake()
        session = self._sockets.session_of(socket)
        self._receive(Arrived(session, message if isinstance(message, str) else None))

    def webSocketClose(self, socket: Any, code: int, reason: str, was_clean: bool) -> None:  # noqa: N802
        self._leave(socket)

    def webSocketError(self, socket: Any, error: Any) -> None:  # noqa: N802 -- the runtime's name
        self._log("socket_error", reason=str(error))
        self._leave(socket)

    async def alarm(self, *_: Any) -> None:
        """Never raises: an alarm that does is dropped by the runtime after six tries."""
        self._performer.rang()
        try:
            self._wake()
            self._receive(Rang())
        except Exception as exc:  # noqa: BLE001 -- see above
            self._performer.ring_again(exc)

    def _wake(self) -> None:
        if not self._awake:
            self._receive(Woke())
            self._awake = True

    def _leave(self, socket: Any) -> None:
        self._wake()
        self._receive(Disconnected(self._sockets.leave(socket)))

    def _receive(self, happening: Happening) -> None:
        try:
            self._performer.run(self._group.receive(happening))
        except Exception:
            self._group.room.reload()
            raise
