"""Both clients talk while the runtime is killed under them: what is acknowledged is stored once, and seen once."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.conformance.client import Player, running
from clients.conformance.script import FOLDER
from tests.e2e.deployment import Team
from tools.setup.layout import Layout
from tools.setup.node import node_of

ROOT = Path(__file__).resolve().parent.parent.parent
BURST = 15
KILLS = 4
LANGUAGES = ("python", "js")
PATIENCE_S = 120
Line = Mapping[str, Any]


def command(language: str) -> list[str]:
    if language == "python":
        return [sys.executable, str(FOLDER / "python_client.py")]
    return [node_of(Layout(ROOT)).node, str(FOLDER / "js_client.mjs")]


class Hearing:
    """What a client sees, and what of its own it knows to be stored: client_msg_id → seq."""

    def __init__(self, client: Player) -> None:
        client.patience_s = PATIENCE_S
        self._client = client
        self.seen: list[Line] = []
        self.stored: dict[str, int] = {}

    async def until_stored(self, count: int) -> None:
        while len(self.stored) < count:
            await self._next()

    async def until_seen(self, seq: int) -> None:
        while seq not in self.numbers():
            await self._next()

    async def _next(self) -> None:
        line = await self._client.see()
        if "stored" in line:
            self.stored[line["stored"]] = line["seq"]
        elif "typing" not in line:
            self.seen.append(line)

    def numbers(self) -> list[int]:
        return [line["event"] for line in self.seen]


def the_log(team: Team, group_id: str) -> dict[str, int]:
    """Every message of the group: client_msg_id → seq. Fails when one is there twice."""
    found: list[tuple[str, int]] = []
    after, more = 0, True
    while more:
        page = team.get("ada", f"/groups/{group_id}/messages?after={after}&limit=200")
        found += [(e["data"]["client_msg_id"], e["seq"]) for e in page["events"] if e["type"] == "message.created"]
        after, more = page["events"][-1]["seq"], page["more"]
    assert len(found) == len(dict(found))
    return dict(found)


@dataclass
class Party:
    """Two clients of one language in a group of their own: Ada talks, Ben listens."""

    group_id: str
    ada: Player
    own: Hearing
    others: Hearing

    async def talk(self, burst: int) -> None:
        for number in range(BURST):
            text = f"Crate {burst}/{number} – «Pflaumenkuchen» 🍰"
            await self.ada.do({"send": {"client_msg_id": f"{burst}-{number}", "text": text}})

    async def until_all_is_seen(self, count: int) -> int:
        """The last of so many messages, once both have seen it."""
        await self.own.until_stored(count)
        last = max(self.own.stored.values())
        for hearing in (self.own, self.others):
            await hearing.until_seen(last)
        return last


@asynccontextmanager
async def party(team: Team, language: str) -> AsyncIterator[Party]:
    group_id = await asyncio.to_thread(team.new_group, "ben")
    where = {"base_url": team.deployment.origin("app"), "group_id": group_id}
    env = {**os.environ, "PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
    async with running(command(language), env) as ada, running(command(language), env) as ben:
        party = Party(group_id, ada, Hearing(ada), Hearing(ben))
        for name, client in (("ada", ada), ("ben", ben)):
            await client.do({"join": {**where, "token": team.bearers[name]}})
            assert "reset" in await client.see()
        yield party
        assert await ada.leave() == await ben.leave() == []


async def test_no_message_is_lost_or_doubled_while_the_runtime_is_killed(team: Team) -> None:
    async with AsyncExitStack() as going_on:
        parties = [await going_on.enter_async_context(party(team, language)) for language in LANGUAGES]
        for burst in range(KILLS + 1):
            for each in parties:
                await each.talk(burst)
            # In the middle of what one of them says, each in turn: some is answered, some is not.
            if burst < KILLS:
                await parties[burst % len(parties)].own.until_stored(burst * BURST + 1)
                await asyncio.to_thread(team.deployment.stack.kill_runtime)
        seen = [await each.until_all_is_seen((KILLS + 1) * BURST) for each in parties]
    for each, last in zip(parties, seen, strict=True):
        assert each.own.stored == the_log(team, each.group_id)
        for hearing in (each.own, each.others):
            numbers = hearing.numbers()
            assert numbers == list(range(numbers[0], last + 1))
            assert set(each.own.stored.values()) <= set(numbers)
