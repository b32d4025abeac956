"""A signed request counts once: a second time, fifty times at once, after the guard was evicted, after a crash."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from tests.e2e.agent_request import run_request
from tests.e2e.deployment import Deployment, Team
from tests.e2e.links import Chain, Session, signed
from tests.e2e.wire import RawRequest, Wire

AT_ONCE = 50
REPLAYED = (401, "invalid_credential")


@dataclass(frozen=True)
class Guarded:
    """A link that takes a request once: where it is sent, under which key it is remembered, how a fresh one is made."""

    worker: str
    kid: str
    fresh: Callable[[], RawRequest]


def guarded_links(chain: Chain, session: Session) -> dict[str, Guarded]:
    roster, run, cleanup = f"/infra/groups/{chain.group_id}/roster", "/agents/run", "/infra/cleanup"
    turn = json.dumps(run_request(chain.team, chain.group_id)).encode()
    status = json.dumps({"group_id": chain.group_id, "reason": "status"}).encode()

    def by_session(worker: str, target: str, body: bytes) -> RawRequest:
        token = session.signs(worker, chain.origin(worker), target, body).token()
        return signed(target, body, token, session.certificate_text)

    app_kid = chain.team.deployment.keys.app.thumbprint
    return {
        "app": Guarded("orchestrator", app_kid, lambda: signed(roster, b"{}", chain.app(roster, b"{}").token())),
        "agents": Guarded("agents", session.key.thumbprint, lambda: by_session("agents", run, turn)),
        "cleanup": Guarded("orchestrator", session.key.thumbprint, lambda: by_session("orchestrator", cleanup, status)),
    }


@pytest.fixture
def links(team: Team) -> dict[str, Guarded]:
    chain = Chain(team, team.new_group())
    return guarded_links(chain, chain.session())


@pytest.fixture
async def wires(deployment: Deployment) -> AsyncIterator[dict[str, Wire]]:
    async with AsyncExitStack() as stack:
        yield {
            worker: await stack.enter_async_context(Wire(deployment.origin(worker)))
            for worker in ("orchestrator", "agents")
        }


async def verdict(wires: dict[str, Wire], link: Guarded, request: RawRequest) -> tuple[int, str]:
    answer = await wires[link.worker].send(request)
    return answer.status, answer.code


@pytest.mark.parametrize("name", ["app", "agents", "cleanup"])
async def test_of_fifty_at_once_one_is_believed(links: dict[str, Guarded], wires: dict[str, Wire], name: str) -> None:
    request = links[name].fresh()
    verdicts = await asyncio.gather(*(verdict(wires, links[name], request) for _ in range(AT_ONCE)))

    assert Counter(verdicts) == {(200, ""): 1, REPLAYED: AT_ONCE - 1}


@pytest.mark.parametrize("name", ["app", "agents", "cleanup"])
async def test_fifty_different_ones_at_once_are_all_believed(
    links: dict[str, Guarded], wires: dict[str, Wire], name: str
) -> None:
    requests = [links[name].fresh() for _ in range(AT_ONCE)]
    verdicts = await asyncio.gather(*(verdict(wires, links[name], request) for request in requests))

    assert Counter(verdicts) == {(200, ""): AT_ONCE}


async def test_what_was_used_stays_used_when_the_guard_is_evicted_and_when_the_runtime_dies(
    links: dict[str, Guarded], wires: dict[str, Wire], deployment: Deployment
) -> None:
    used = {name: link.fresh() for name, link in links.items()}
    assert [await verdict(wires, link, used[name]) for name, link in links.items()] == [(200, "")] * 3
    assert [await verdict(wires, link, used[name]) for name, link in links.items()] == [REPLAYED] * 3

    for link in links.values():
        await asyncio.to_thread(deployment.stack.evict, "ReplayGuard", link.kid, worker=link.worker)
    assert [await verdict(wires, link, used[name]) for name, link in links.items()] == [REPLAYED] * 3

    await asyncio.to_thread(deployment.stack.kill_runtime)
    assert [await verdict(wires, link, used[name]) for name, link in links.items()] == [REPLAYED] * 3
    assert [await verdict(wires, link, link.fresh()) for link in links.values()] == [(200, "")] * 3
