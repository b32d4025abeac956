"""What the room itself can do, against those who do the same work."""

from typing import Final

from bench.arena import Arena
from bench.figures import Figure, at_least, at_most, figure, percentile
from bench.rivals import Contestant

ROUNDS: Final = 5
WINDOW: Final = 64
TEXT_CHARS: Final = 40
MESSAGES: Final = {2: 3000, 20: 3000, 100: 1500, 500: 500}
TARGETS: Final = {2: 0.5, 20: 0.8, 100: 1.5, 500: 3.0}
BLAST_MESSAGES: Final = {2: 60_000, 20: 20_000, 100: 4000, 500: 1000}
FEW_SOCKETS: Final = 20
FEW_IN_FLIGHT: Final = {1: 500, 8: 2000}
"""Messages to send where little piles up that could share anything."""
LATENCY_SOCKETS: Final = 20
LATENCY_MESSAGES: Final = 300


def fanout(arena: Arena) -> list[Figure]:
    """Messages a second, all contestants in turn, round by round; each ratio is of two runs of one round."""
    figures: list[Figure] = []
    for sockets, messages in MESSAGES.items():
        rates = _rates(arena, sockets, messages, WINDOW)
        figures += [figure("fanout", f"{name}, {sockets} sockets", "messages/s", got) for name, got in rates.items()]
        party, parley = rates[arena.javascript[0].name], rates[arena.parley.name]
        ratios = [ours / theirs for ours, theirs in zip(parley, party, strict=True)]
        name = f"Parley ÷ partyserver, {sockets} sockets"
        figures += [figure("fanout", name, "×", ratios, at_least(TARGETS[sockets])), _ceiling(arena, sockets)]
    for window, messages in FEW_IN_FLIGHT.items():
        rates = _rates(arena, FEW_SOCKETS, messages, window)
        what = f"{FEW_SOCKETS} sockets, {window} in flight"
        figures += [figure("fanout", f"{name}, {what}", "messages/s", got) for name, got in rates.items()]
    return figures


def _rates(arena: Arena, sockets: int, messages: int, window: int) -> dict[str, list[float]]:
    contestants: list[Contestant] = [*arena.javascript, arena.fastapi, arena.parley]
    rates: dict[str, list[float]] = {each.name: [] for each in contestants}
    for _ in range(ROUNDS):
        for each in contestants:
            rates[each.name].append(_rate(arena, each, sockets, messages, window))
    return rates


def _rate(arena: Arena, contestant: Contestant, sockets: int, messages: int, window: int) -> float:
    job = {"messages": messages, "window": window, "chars": TEXT_CHARS, "run": arena.fresh("m")}
    return float(arena.generator.run("fanout", seats=contestant.seats(sockets), **job)["messages_per_s"])


def _ceiling(arena: Arena, sockets: int) -> Figure:
    """What the load generator itself reads and checks when the server has nothing to do."""
    rates: list[float] = []
    for _ in range(3):
        messages = BLAST_MESSAGES[sockets]
        url = f"ws://127.0.0.1:{arena.blast_port}/{arena.fresh('blast')}/{messages}"
        seats = [{"url": url, "protocols": []}] * sockets
        job = {"messages": messages, "window": messages, "chars": TEXT_CHARS, "run": "b"}
        rates.append(float(arena.generator.run("fanout", seats=seats, **job)["messages_per_s"]))
    return figure("fanout", f"the load generator's own ceiling, {sockets} sockets", "messages/s", rates)


def latency(arena: Arena) -> list[Figure]:
    """One message in flight: from sending it until all have been shown it."""
    contestants: list[Contestant] = [arena.javascript[0], arena.parley]
    p50: dict[str, list[float]] = {each.name: [] for each in contestants}
    p99: dict[str, list[float]] = {each.name: [] for each in contestants}
    for _ in range(ROUNDS):
        for each in contestants:
            job = {"messages": LATENCY_MESSAGES, "chars": TEXT_CHARS, "run": arena.fresh("l"), "gap_ms": 2}
            shown = arena.generator.run("latency", seats=each.seats(LATENCY_SOCKETS), **job)["shown_ms"]
            p50[each.name].append(percentile(shown, 0.5))
            p99[each.name].append(percentile(shown, 0.99))
    figures: list[Figure] = []
    for name, times in (("p50", p50), ("p99", p99)):
        figures += [figure("latency", f"{who}, {name}", "ms", got) for who, got in times.items()]
        party, parley = times[arena.javascript[0].name], times[arena.parley.name]
        ratios = [ours / theirs for ours, theirs in zip(parley, party, strict=True)]
        figures.append(figure("latency", f"Parley ÷ partyserver, {name}", "×", ratios, at_most(2)))
    return figures
