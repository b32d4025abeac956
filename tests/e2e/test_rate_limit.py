"""How often a person may ask for routing tokens is counted in one place, whichever isolate is asked."""

import asyncio
import time
from collections import Counter

from tests.e2e.deployment import Team
from tests.e2e.links import Chain
from tests.e2e.wire import RawRequest, Wire

BURST, PER_S, ASKED = 60, 1, 90


async def test_beyond_its_burst_a_person_waits_and_nobody_else(team: Team) -> None:
    chain = Chain(team, team.new_group("ben"))

    def ask(name: str) -> RawRequest:
        headers = (("Authorization", f"Bearer {team.bearers[name]}"), ("Content-Type", "application/json"))
        body = f'{{"group_id":"{chain.group_id}","user_id":"{team.ids[name]}"}}'.encode()
        return RawRequest("POST", "/infra/routing-token", headers, body)

    async with Wire(chain.origin("orchestrator")) as wire:
        started = time.monotonic()
        answers = await asyncio.gather(*(wire.send(ask("ben")) for _ in range(ASKED)))
        given = Counter((answer.status, answer.code) for answer in answers)
        assert BURST <= given[200, ""] <= BURST + PER_S * (time.monotonic() - started) + 1
        assert given[429, "too_many_requests"] == ASKED - given[200, ""]
        refused = next(answer for answer in answers if answer.status == 429)
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        while (await wire.send(ask("ben"))).status == 200:
            pass
        await asyncio.to_thread(team.deployment.stack.evict, "RateLimiter", team.ids["ben"])
        after = Counter([(await wire.send(ask("ben"))).status for _ in range(10)])
        assert after[429] >= 5, "its memory was dropped, and with it nothing of the count"
        assert (await wire.send(ask("ada"))).status == 200
