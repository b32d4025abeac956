"""A group with everything around it faked but its database: what tests of the core drive."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from durable_objects.calls import ControllerCall, OpenSession, Roster, SetRoster
from durable_objects.effects import (
    Arrived,
    Connected,
    Disconnected,
    Effect,
    Happening,
    RunEnded,
    RunSaid,
    Session,
    Woke,
)
from durable_objects.frames import SESSION_LIFE_MS
from durable_objects.group import Group
from durable_objects.journal import Journal
from durable_objects.lifecycle import Terms
from durable_objects.limits import Limits
from shared.agent_api import AgentProfile, AgentRunRequest
from shared.errors import InvalidCredential
from shared.ids import new_id
from shared.protocol import Member, Usage
from shared.tokens import RoutingClaims
from tests.fakes import FakeMetrics, FakeSockets, FakeSql
from tools.es256 import new_private_key

GROUP = "grp_" + "0" * 26
ORG = "org_" + "0" * 26
KEY = new_private_key()
Frame = dict[str, Any]
NOBODY: Mapping[str, str] = {}


@lru_cache(maxsize=4096)
def parsed(text: str) -> Any:  # noqa: ANN401
    """JSON that is looked at again and again, as a log is. Nobody may change what this gives."""
    return json.loads(text)


def user_id(name: str) -> str:
    return name if name.startswith("usr_") else f"usr_{name}"


def agent(name: str) -> AgentProfile:
    return AgentProfile(id=agent_id(name), handle=name, name=name.title(), provider="builtin", model="scribe")


def agent_id(name: str) -> str:
    """An id of the right form, the same each time for a name."""
    return new_id("agt", 0, name.encode().ljust(10, b"\0")[:10])


def roster(
    members: Sequence[str],
    agents: Sequence[str] = (),
    *,
    version: int = 1,
    called: Mapping[str, str] = NOBODY,
    **more: Any,  # noqa: ANN401
) -> Roster:
    """The first member owns the group. Whom `called` does not name is called as they are here."""
    people = tuple(
        Member(id=user_id(name), name=called.get(name, name.title()), role="member" if n else "owner")
        for n, name in enumerate(members)
    )
    named = [agent(name).model_copy(update={"name": called.get(name, name.title())}) for name in agents]
    profiles = more.pop("profiles", tuple(named))
    found = {"org_id": ORG, "group_id": GROUP, "title": "Test", "version": version, **more}
    return Roster(members=people, agents=profiles, **found)


class House:
    """`now_ms` is the clock, in `disowned` are certificates that nobody believes; `happen` runs effects on the fake
    sockets and keeps the others in `effects`.
    """

    def __init__(self, members: Sequence[str] = ("ada", "ben"), agents: Sequence[str] = (), **more: Any) -> None:  # noqa: ANN401
        self.now_ms = 1_000_000
        self.sql = FakeSql()
        self.sockets = FakeSockets()
        self.limits = Limits()
        self.terms = Terms()
        self.metrics = FakeMetrics()
        self.disowned = set[str]()
        self.effects: list[Effect] = []
        self._ids = 0
        self._sockets = 0
        self._keys = 0
        self.group = self._new_group()
        opened = roster(members, agents, **more)
        self.call(
            OpenSession(
                controller_id="gc",
                session_epoch=1,
                private_key=KEY,
                certificate="cert",
                certificate_expires_s=20_000,
                roster=opened,
            )
        )

    def _new_group(self) -> Group:
        return Group(
            Journal(self.sql),
            self.sockets,
            _verify,
            lambda: self.now_ms,
            self.make_id,
            self.new_key,
            self.limits,
            self.terms,
            self.metrics,
            lambda certificate: certificate not in self.disowned,
        )

    def make_id(self, prefix: str) -> str:
        self._ids += 1
        return new_id(prefix, self.now_ms, self._ids.to_bytes(10))

    def new_key(self) -> str:
        self._keys += 1
        return self._keys.to_bytes(32).hex()

    def wake(self) -> None:
        """A new instance takes over, with the sockets as they were."""
        self.group = self._new_group()
        self.happen(Woke())

    def happen(self, happening: Happening) -> list[Effect]:
        return self.perform(self.group.receive(happening))

    def call(self, call: ControllerCall) -> str:
        answer, effects = self.group.answer(call)
        self.perform(effects)
        return answer

    def set_roster(self, members: Sequence[str], agents: Sequence[str] = (), **more: Any) -> None:  # noqa: ANN401
        version = self.group.room.known().version + 1
        self.call(SetRoster(roster=roster(members, agents, version=version, **more)))

    def perform(self, effects: list[Effect]) -> list[Effect]:
        for effect in effects:
            self.sockets.perform(effect)
        self.effects += effects
        return effects

    def connect(self, name: str, access: int = 0) -> "Chair":
        """A socket that has not said hello."""
        self._sockets += 1
        session = Session(f"s{self._sockets}", user_id(name), self.now_ms, self.now_ms + SESSION_LIFE_MS, access=access)
        self.sockets.open[session.socket_id] = session
        self.happen(Connected(session))
        return Chair(self, session.socket_id)

    def sit(self, name: str, **hello: object) -> "Chair":
        chair = self.connect(name)
        chair.hello = chair.ok("hello", **hello)
        return chair

    def say(self, run_id: str, text: str) -> None:
        self.happen(RunSaid(run_id, text))

    def asked(self, run_id: str) -> AgentRunRequest | None:
        """What the Agents Worker is asked for this run."""
        body = self.group.rules.prompts.of(run_id)
        return None if body is None else AgentRunRequest.model_validate_json(body)

    def running(self, name: str | None = None) -> str:
        """The run that is under way, of this agent or of whichever."""
        runs = [r for r in self.group.rules.runs.active() if name is None or r.agent_id == agent_id(name)]
        assert len(runs) == 1, f"{len(runs)} runs"
        return runs[0].run_id

    def answer(self, name: str, text: str) -> None:
        """An agent that is speaking says this and has ended."""
        run_id = self.running(name)
        self.say(run_id, text)
        self.end(run_id)

    @property
    def speaking(self) -> set[str]:
        """The handles of the agents that are under way."""
        handles = {agent.id: agent.handle for agent in self.group.room.agent_list()}
        return {handles[run.agent_id] for run in self.group.rules.runs.active()}

    def of_type(self, kind: str) -> list[Frame]:
        return [event for event in self.log if event["type"] == kind]

    def end(self, run_id: str) -> None:
        self.happen(RunEnded(run_id, "success", Usage(output_tokens=3)))

    @property
    def log(self) -> list[Frame]:
        """Every event, as stored."""
        return [parsed(body) for page in self.group.room.journal.pages(0, 100) for body in page]


class Chair:
    """One socket in the house."""

    def __init__(self, house: House, socket_id: str) -> None:
        self.house = house
        self.socket_id = socket_id
        self.hello: Frame = {}
        self._last_id = 0

    @property
    def session(self) -> Session:
        return self.house.sockets.open[self.socket_id]

    @property
    def frames(self) -> list[Frame]:
        """Everything heard, joined frames taken apart."""
        heard = [parsed(text) for text in self.house.sockets.heard.get(self.socket_id, [])]
        return [frame for value in heard for frame in (value if isinstance(value, list) else [value])]

    @property
    def events(self) -> list[Frame]:
        return [frame for frame in self.frames if "seq" in frame]

    def of_type(self, kind: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.get("type") == kind]

    def raw(self, text: str | None) -> None:
        self.house.happen(Arrived(self.session, text))

    def command(self, name: str, **body: object) -> Frame:
        self._last_id += 1
        self.raw(json.dumps({"id": self._last_id, name: body}, ensure_ascii=False))
        replies = [frame for frame in self.frames if frame.get("id") == self._last_id]
        assert len(replies) == 1, f"{len(replies)} replies to {name}"
        return replies[0]

    def ok(self, name: str, **body: object) -> Frame:
        reply = self.command(name, **body)
        assert "ok" in reply, reply
        return dict(reply["ok"])

    def refused(self, name: str, **body: object) -> str:
        reply = self.command(name, **body)
        assert "error" in reply, reply
        return str(reply["error"]["code"])

    def say(self, text: str, client_msg_id: str | None = None, **more: object) -> int:
        self._last_id += 1
        message_id = client_msg_id or f"{self.socket_id}-{self._last_id}"
        return int(self.ok("send", client_msg_id=message_id, text=text, **more)["seq"])

    def leave(self) -> None:
        session = self.house.sockets.open.pop(self.socket_id)
        self.house.happen(Disconnected(session))

    @property
    def closed(self) -> tuple[int, str] | None:
        return self.house.sockets.closed.get(self.socket_id)


def pass_for(name: str, **more: object) -> RoutingClaims:
    """What a verified routing token says."""
    claims = {"iss": "orchestrator", "aud": "gc", "gid": GROUP, "role": "member", "mv": 1, "iat": 1000, "exp": 1060}
    return RoutingClaims.model_validate({**claims, "sub": user_id(name), "jti": "j" * 22, **more})


def _verify(token: str, group_id: str) -> RoutingClaims:
    """A routing token is the name of whom it is for, and after a colon its access version."""
    if token == "bad":
        raise InvalidCredential
    name, _, access = token.partition(":")
    return pass_for(name, gid=group_id, mv=int(access or 0))
