"""What things cost in CPU at the pace of people: what docs/cost.md reckons with. All Workers share one process here."""

from typing import Final

from bench.arena import Arena
from bench.figures import Figure, figure
from bench.parley import seats

PEOPLE: Final = 10
MESSAGES: Final = 100
GAP_MS: Final = 30
ANSWERS: Final = 6
JOINS: Final = 40
ROUNDS: Final = 3
_MS: Final = 1000


def cost(arena: Arena) -> list[Figure]:
    room = arena.parley.room(PEOPLE, arena.fresh("cost"))
    messages: list[float] = []
    answers: list[float] = []
    joins: list[float] = []
    for _ in range(ROUNDS):
        places, before = seats(room, PEOPLE), arena.runtime_cpu_s()
        job = {"messages": MESSAGES, "chars": 40, "run": arena.fresh("c"), "gap_ms": GAP_MS}
        arena.generator.run("latency", seats=places, **job)
        messages.append(_each_ms(arena, before, MESSAGES))
        places, before = seats(room, PEOPLE), arena.runtime_cpu_s()
        asked = {"text": "@scribe sum up, please", "times": ANSWERS, "run": arena.fresh("c")}
        arena.generator.run("firstToken", seats=places, **asked)
        answers.append(_each_ms(arena, before, ANSWERS))
        before = arena.runtime_cpu_s()
        for _ in range(JOINS // PEOPLE):
            arena.generator.run("join", seat=seats(room, PEOPLE)[0], times=PEOPLE)
        joins.append(_each_ms(arena, before, JOINS))
    return [
        figure("cost", f"CPU of a message that {PEOPLE} people are shown", "ms", messages),
        figure("cost", f"CPU of an answer of the scribe, shown to {PEOPLE}", "ms", answers),
        figure("cost", "CPU of a routing token and a socket's coming and going", "ms", joins),
    ]


def _each_ms(arena: Arena, before_s: float, count: int) -> float:
    return (arena.runtime_cpu_s() - before_s) * _MS / count
