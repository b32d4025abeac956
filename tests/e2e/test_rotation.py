"""All keys are replaced while people talk and agents answer, step by step as in production: nobody is refused.

Here a changed secret restarts the runtime, which breaks connections; whoever was cut off comes back and asks again.
What must not happen is an answer that says no.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from parley import Event, Parley, ParleyError, RunFinished
from shared.keys import PrivateKeySet
from shared.tokens import ROUTING, RoutingClaims, Tokens
from tests.e2e.agent_request import run_request
from tests.e2e.deployment import Deployment, Team, new_jti
from tests.e2e.issuer import Issuer
from tests.e2e.seat import socket_url
from tests.e2e.wire import UPGRADE, RawRequest, Wire
from tools.es256 import HostEs256, new_private_key
from tools.key_steps import KeySteps, Told
from tools.keyring import TERMS, Keyring
from tools.local import APP_ID, LocalKeys, local_keys, overrides
from tools.stack import Ports, Stack

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 60
ENOUGH = 4
"""Answers that each kind of caller gets between one step and the next."""


@dataclass
class Running:
    """The stack as a deployment that is told of keys; its clock is moved by hand."""

    stack: Stack
    ports: Ports
    folder: Path
    now_s: int = field(default_factory=lambda: int(time.time()))
    secrets: tuple[tuple[str, str, str], ...] = ()

    def tell(self, told: Told, keyring: Keyring) -> None:
        for statement in told.sql:
            self.stack.query(statement)
        if told.secrets != self.secrets:
            self.stack.configure(overrides(self.keys(keyring), self.ports))
            self.secrets = told.secrets

    def keys(self, keyring: Keyring) -> LocalKeys:
        published = tuple(key.public for key in keyring.app.known)
        orchestrator = PrivateKeySet(keys=keyring.orchestrator.known)
        return LocalKeys(self.folder, keyring.app.signing, orchestrator, keyring.operator_token, published)


@pytest.fixture(scope="module")
def rotating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, KeySteps, Deployment]]:
    """A deployment of its own: the keys of the others stay as they are."""
    folder, ports = tmp_path_factory.mktemp("keys"), Ports(0, 0, 0).resolve()
    lines: list[str] = []
    with Stack.start(
        root=ROOT,
        ports=ports,
        state_dir=None,
        overrides=overrides(local_keys(folder / "first"), ports),
        on_log=lambda _, text: lines.append(text),
    ) as stack:
        stack.migrate()
        running = Running(stack, ports, folder)
        # The keyring's clock is behind, so that a key it registers is valid by the runtime's own.
        running.now_s -= 400 * 24 * 3600
        steps = KeySteps(folder / "keyring.json", running, new_private_key, lambda: running.now_s, TERMS)
        keyring = steps.create(APP_ID, "prl_operator_" + "x" * 32)
        yield running, steps, Deployment(stack, running.keys(keyring), lines, Issuer(""))


class Load:
    """Callers of every link, each asking again and again; `refused` are answers that said no."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()
        self.refused: list[str] = []
        self.is_over = False
        self._changed = asyncio.Condition()

    async def again(self, name: str, ask: Callable[[], object]) -> None:
        while not self.is_over:
            try:
                answer = await ask()  # type: ignore[misc]
            except (httpx.TransportError, OSError, EOFError):
                self.cut[name] += 1
                continue
            except ParleyError as exc:
                answer = exc.code
            async with self._changed:
                self.done[name] += 1
                if answer not in ("", 200, 101, "success", "interrupted"):
                    self.refused.append(f"{name}: {answer}")
                self._changed.notify_all()

    async def enough(self, names: tuple[str, ...]) -> None:
        """Waits until everybody was answered some times more."""
        wanted = Counter({name: self.done[name] + ENOUGH for name in names})
        async with self._changed, asyncio.timeout(PATIENCE_S):
            await self._changed.wait_for(lambda: self.refused or self.done >= wanted)
        assert self.refused == []


@dataclass(frozen=True)
class Callers:
    """One of each kind, for one group."""

    team: Team
    group_id: str
    steps: KeySteps
    http: httpx.AsyncClient

    async def routing_token(self) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.team.bearers['ada']}"}
        url = f"{self.team.deployment.origin('app')}/groups/{self.group_id}/token"
        return await self.http.post(url, headers=headers)

    async def token(self) -> int:
        return (await self.routing_token()).status_code

    def signed_roster(self) -> tuple[str, dict[str, str]]:
        """A call that the app has signed with the key that signs now."""
        signer = self.team.deployment.app_signer(self.steps.load().app.signing)
        target = f"/infra/groups/{self.group_id}/roster"
        return signer.origin + target, signer.headers("POST", target, b"{}", now_s=int(time.time()), jti=new_jti())

    async def signed(self) -> int:
        url, headers = self.signed_roster()
        return (await self.http.post(url, headers=headers, content=b"{}")).status_code

    async def upgrade(self, token: str) -> int:
        offered = (("Sec-WebSocket-Protocol", f"groupchat.v1, groupchat.bearer.{token}"),)
        origin, target = socket_url(self.team, self.group_id, "orchestrator").replace("ws", "http", 1).split("/groups")
        async with Wire(origin) as wire:
            request = RawRequest("GET", "/groups" + target, (*UPGRADE, *offered))
            answer = await wire.send(request)
        if answer.status == 0:
            raise EOFError
        return answer.status

    async def socket(self) -> int:
        answer = await self.routing_token()
        return await self.upgrade(answer.json()["routing_token"]) if answer.is_success else answer.status_code


@asynccontextmanager
async def under_load(callers: Callers) -> AsyncIterator[Load]:
    """Everybody asks, all the time; what one of them raises ends the test."""
    load, team = Load(), callers.team
    origin, bearer = team.deployment.origin("app"), team.bearers["ben"]
    async with Parley(origin, bearer) as client, client.join(callers.group_id) as room:

        async def run() -> str:
            await room.send("We decided to open on Friday. @scribe sum up")
            async for item in room:
                if isinstance(item, Event) and isinstance(item.data, RunFinished):
                    return item.data.outcome
            return "the room has ended"

        asks = {"token": callers.token, "signed": callers.signed, "socket": callers.socket, "run": run}
        tasks = [asyncio.create_task(load.again(name, ask)) for name, ask in asks.items()]
        try:
            yield load
        finally:
            # `wait_for` (Python 3.11) may swallow a cancellation that comes together with an answer.
            load.is_over = True
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(end) for end in ended} <= {asyncio.CancelledError, type(None)}, ended


EVERYBODY = ("token", "signed", "socket", "run")


async def test_all_keys_are_replaced_under_load_and_nobody_is_refused(
    rotating: tuple[Running, KeySteps, Deployment], hostile_report: list[str]
) -> None:
    running, steps, deployment = rotating
    team = await asyncio.to_thread(deployment.new_team)
    group_id = await asyncio.to_thread(team.new_group, "ben")
    first = steps.load()
    async with httpx.AsyncClient(timeout=30) as http:
        callers = Callers(team, group_id, steps, http)

        async def step(load: Load, take: Callable[[], object]) -> None:
            """What was issued before a step is good after it."""
            held, (url, headers) = await callers.routing_token(), callers.signed_roster()
            await asyncio.to_thread(take)
            assert await callers.upgrade(held.json()["routing_token"]) == 101
            assert (await http.post(url, headers=headers, content=b"{}")).status_code == 200
            await load.enough(EVERYBODY)

        async with under_load(callers) as load:
            await load.enough(EVERYBODY)
            await step(load, lambda: [steps.begin(role) for role in TERMS])
            running.now_s += TERMS["app"].lead_s
            await step(load, steps.advance)
            second = steps.load()
            assert second.app.signing != first.app.signing
            assert second.orchestrator.signing != first.orchestrator.signing
            running.now_s += TERMS["app"].tail_s
            await step(load, steps.advance)
            # By then every session that is alive has been renewed: the group's own does so here.
            opened = {"group_id": group_id, "org_id": team.org_id, "user_id": team.ids["ada"]}
            signer = deployment.app_signer(second.app.signing)
            await asyncio.to_thread(deployment.post_signed, signer, "/infra/groups", opened)
            running.now_s += TERMS["orchestrator"].tail_s
            await step(load, steps.advance)
        assert load.refused == []
        hostile_report.append(f"rotation under load: {dict(load.done)} answered, {dict(load.cut)} cut off, 0 refused")

        last = steps.load()
        assert (len(last.app.known), len(last.orchestrator.known)) == (1, 1)
        by_old = deployment.app_signer(first.app.signing)
        refused = await asyncio.to_thread(deployment.post_signed, by_old, f"/infra/groups/{group_id}/roster", {})
        assert refused.json()["code"] == "invalid_credential", "a key that was taken away opens nothing"
        keys = (await http.get(f"{deployment.origin('app')}/.well-known/jwks.json")).json()["keys"]
        assert [key["kid"] for key in keys] == [last.orchestrator.signing.thumbprint]


async def test_where_routing_tokens_are_good_for_one_use_the_second_connect_is_refused(
    rotating: tuple[Running, KeySteps, Deployment],
) -> None:
    running, steps, deployment = rotating
    keys = running.keys(steps.load())
    told = overrides(keys, running.ports)
    once = {**told, "orchestrator": {**told["orchestrator"], "SINGLE_USE_ROUTING_TOKENS": "true"}}
    team = await asyncio.to_thread(deployment.new_team)
    group_id = await asyncio.to_thread(team.new_group, "ben")
    await asyncio.to_thread(running.stack.configure, once)
    async with httpx.AsyncClient(timeout=30) as http:
        callers = Callers(team, group_id, steps, http)
        held = (await callers.routing_token()).json()["routing_token"]
        answers = Counter(await asyncio.gather(*(callers.upgrade(held) for _ in range(10))))
        assert answers == {101: 1, 401: 9}
        await asyncio.to_thread(running.stack.kill_runtime)
        assert await callers.upgrade(held) == 401, "remembered beyond the runtime's death"
        assert await callers.socket() == 101
        await asyncio.to_thread(running.stack.configure, told)
        held = (await callers.routing_token()).json()["routing_token"]
        assert [await callers.upgrade(held) for _ in range(2)] == [101, 101]


async def test_a_stolen_key_opens_nothing_once_revoked_and_every_group_works_on(
    rotating: tuple[Running, KeySteps, Deployment],
) -> None:
    _, steps, deployment = rotating
    before = steps.load()
    team = await asyncio.to_thread(deployment.new_team)
    group_id, quiet_id = [await asyncio.to_thread(team.new_group, "ben") for _ in range(2)]
    opened = {"group_id": group_id, "org_id": team.org_id, "user_id": team.ids["ada"]}
    signer = deployment.app_signer(before.app.signing)
    session = (await asyncio.to_thread(deployment.post_signed, signer, "/infra/groups", opened)).json()
    as_group = deployment.session_signer(session, "agents")
    ask = partial(deployment.post_signed, as_group, "/agents/run", run_request(team, group_id))
    async with httpx.AsyncClient(timeout=30) as http:
        callers = Callers(team, group_id, steps, http)
        held = (await callers.routing_token()).json()["routing_token"]
        tokens = Tokens(HostEs256())
        claims = RoutingClaims.model_validate({**tokens.open(ROUTING, held).payload, "jti": new_jti()})
        forged = tokens.issue(ROUTING, claims, before.orchestrator.signing)
        assert await callers.upgrade(forged) == 101, "whoever has the key is believed"
        assert (await asyncio.to_thread(ask)).status_code == 200

        await asyncio.to_thread(steps.revoke, "orchestrator")

        assert [await callers.upgrade(token) for token in (forged, held)] == [401, 401]
        assert (await asyncio.to_thread(ask)).json()["code"] == "invalid_credential"
        keys = (await http.get(f"{deployment.origin('app')}/.well-known/jwks.json")).json()["keys"]
        assert [key["kid"] for key in keys] == [steps.load().orchestrator.signing.thumbprint]
        assert await callers.socket() == 101
        async with under_load(callers) as load:
            await load.enough(EVERYBODY)
    # One that nobody has come to since.
    archived = await asyncio.to_thread(team.call, "ada", "POST", f"/groups/{quiet_id}/archive", {"reason": "done"})
    assert archived.status_code == 200
