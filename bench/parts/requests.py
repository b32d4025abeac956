"""What a request costs: a routing token over the whole signed chain, and the checking of one credential."""

import json
import time
from typing import Final

import httpx

from bench.arena import Arena
from bench.figures import Figure, at_least, at_most, figure, percentile
from bench.parley import PEOPLE, routing_tokens

CONNECTIONS: Final = 16
SECONDS: Final = 4
ROUNDS: Final = 5
BATCHES: Final = 100


def http(arena: Arena) -> list[Figure]:
    room = arena.parley.room(PEOPLE)
    bearers = [person.token for person in room.people]
    rates: list[float] = []
    p99: list[float] = []
    for _ in range(ROUNDS):
        job = {"url": f"{room.url}/token", "bearers": bearers, "connections": CONNECTIONS, "seconds": SECONDS}
        found = arena.generator.run("posts", **job)
        rates.append(found["per_s"])
        p99.append(found["p99_ms"])
    what = f"POST /groups/{{id}}/token, {CONNECTIONS} connections"
    return [
        figure("http", what, "requests/s", rates, at_least(150)),
        figure("http", f"{what}, p99", "ms", p99, at_most(200)),
    ]


def verify(arena: Arena) -> list[Figure]:
    """The whole check of a routing token, inside a Worker (see probe/entry.py)."""
    room = arena.parley.room(2)
    (token,) = routing_tokens(room, room.people[:1])
    keys = httpx.get(f"{arena.town.stack.origins['orchestrator']}/.well-known/jwks.json").text
    case = {"token": token, "keys": keys, "now_s": int(time.time()), "times": BATCHES}
    p99 = []
    for _ in range(ROUNDS):
        took_ms = httpx.post(arena.town.stack.origins["probe"], content=json.dumps(case), timeout=60).json()
        p99.append(percentile(took_ms, 0.99))
    return [figure("verify", "one routing token, p99 of means of 20", "ms", p99, at_most(0.5))]
