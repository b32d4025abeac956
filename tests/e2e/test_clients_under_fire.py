"""Both clients talk while the runtime is killed under them: what is acknowledged is stored once, and seen once."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from clients.conformance.client import Player, running
from clients.conformance.script import FOLDER
from tools.chaos.town import Town, town
from tools.setup.layout import Layout
from tools.setup.node import node_of

ROOT = Path(__file__).resolve().parent.parent.parent
BURST = 15
KILLS = 3
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


def the_log(place: Town, group_id: str) -> dict[str, int]:
    """Every message of the group: client_msg_id → seq. Fails when one is there twice."""
    url = f"{place.stack.origins['app']}/groups/{group_id}/messages"
    found: list[tuple[str, int]] = []
    after, more = 0, True
    while more:
        page = httpx.get(url, params={"after": after, "limit": 200}, headers=place.people[0].headers, timeout=30).json()
        found += [(e["data"]["client_msg_id"], e["seq"]) for e in page["events"] if e["type"] == "message.created"]
        after, more = page["events"][-1]["seq"], page["more"]
    assert len(found) == len(dict(found))
    return dict(found)


@pytest.mark.parametrize("language", ["python", "js"])
async def test_no_message_is_lost_or_doubled_while_the_runtime_is_killed(language: str, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
    with town(ROOT, tmp_path, ["Ada", "Ben"]) as place:
        group_id = place.new_group("Under fire").group_id
        where = {"base_url": place.stack.origins["app"], "group_id": group_id}
        async with running(command(language), env) as ada, running(command(language), env) as ben:
            for client, person in ((ada, place.people[0]), (ben, place.people[1])):
                await client.do({"join": {**where, "token": person.token}})
                assert "reset" in await client.see()
            own, others = Hearing(ada), Hearing(ben)
            for burst in range(KILLS + 1):
                for number in range(BURST):
                    text = f"Crate {burst}/{number} – «Pflaumenkuchen» 🍰"
                    await ada.do({"send": {"client_msg_id": f"{burst}-{number}", "text": text}})
                # In the middle of it: some are answered, some are not.
                if burst < KILLS:
                    await own.until_stored(burst * BURST + 1)
                    await asyncio.to_thread(place.stack.kill_runtime)
            await own.until_stored((KILLS + 1) * BURST)
            last = max(own.stored.values())
            for hearing in (own, others):
                await hearing.until_seen(last)
            assert await ada.leave() == await ben.leave() == []
        assert own.stored == the_log(place, group_id)
        for hearing in (own, others):
            numbers = hearing.numbers()
            assert numbers == list(range(numbers[0], last + 1))
            assert set(own.stored.values()) <= set(numbers)
