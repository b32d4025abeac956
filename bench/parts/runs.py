"""Agents that speak: how fresh their words are, and what a chain of four Workers adds to a provider's first word."""

import time
from statistics import median
from typing import Final

import httpx

from bench.arena import Arena
from bench.figures import Figure, at_most, figure
from bench.parley import seats
from tools.chaos.town import Room

RUNS: Final = 5
TOKENS_PER_S: Final = 50
SECONDS: Final = 8
VIEWERS: Final = 100
PEOPLE: Final = 20
ROUNDS: Final = 5
FIRST_TOKENS: Final = 30


def tokens(arena: Arena) -> list[Figure]:
    room = _group(arena, f"steady-{TOKENS_PER_S}-{SECONDS}", [f"speaker{n}" for n in range(RUNS)])
    text = " ".join(f"@speaker{n}" for n in range(RUNS))
    p99: list[float] = []
    cores: list[float] = []
    for _ in range(ROUNDS):
        places, used, begun = seats(room, VIEWERS), arena.runtime_cpu_s(), time.monotonic()
        found = arena.generator.run("tokens", seats=places, text=text, runs=RUNS, run=arena.fresh("t"))
        cores.append((arena.runtime_cpu_s() - used) / (time.monotonic() - begun))
        p99.append(found["ages_ms"]["p99"])
    what = f"{RUNS} runs × {TOKENS_PER_S} tokens/s, {VIEWERS} viewers"
    return [
        figure("tokens", f"{what}: age of a token when it is shown, p99", "ms", p99, at_most(100)),
        figure("tokens", f"{what}: CPU of all Workers together", "cores", cores, at_most(0.4)),
    ]


def first(arena: Arena) -> list[Figure]:
    room = _group(arena, "once", ["quick"])
    added: list[float] = []
    for _ in range(ROUNDS):
        place = seats(room, 1)
        chain = arena.generator.run(
            "firstToken", seats=place, text="@quick hello", times=FIRST_TOKENS, run=arena.fresh("f")
        )
        url = f"{arena.model_url}/chat/completions"
        alone = arena.generator.run("provider", url=url, model="once", text="hello", times=FIRST_TOKENS)
        added.append(median(chain["waits_ms"]) - median(alone["waits_ms"]))
    return [figure("first", "first token: what our chain adds to the provider's own, p50", "ms", added, at_most(15))]


def _group(arena: Arena, model: str, handles: list[str]) -> Room:
    """A group with agents of the stub provider in it."""
    room = arena.parley.room(PEOPLE, arena.fresh("tokens"))
    with httpx.Client(base_url=arena.town.stack.origins["app"], headers=room.people[0].headers, timeout=30) as client:
        for handle in handles:
            new = {"handle": handle, "name": handle, "provider": "stub", "model": model}
            agent_id = client.post("/agents", json=new).raise_for_status().json()["id"]
            client.post(f"/groups/{room.group_id}/agents", json={"agent_id": agent_id}).raise_for_status()
    return room
