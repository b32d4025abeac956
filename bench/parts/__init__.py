"""One file a group of rows in the table of results."""

from collections.abc import Callable

from bench.arena import Arena
from bench.figures import Figure
from bench.parts.groups import archive, growth, resume, wake
from bench.parts.requests import http, verify
from bench.parts.rooms import fanout, latency
from bench.parts.runs import first, tokens
from bench.parts.spending import cost
from bench.parts.weight import footprint

Part = Callable[[Arena], list[Figure]]

PARTS: dict[str, Part] = {
    "fanout": fanout,
    "latency": latency,
    "tokens": tokens,
    "first": first,
    "resume": resume,
    "growth": growth,
    "wake": wake,
    "http": http,
    "verify": verify,
    "archive": archive,
    "cost": cost,
    "footprint": footprint,
}
