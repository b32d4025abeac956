"""`Metrics` over Workers Analytics Engine, where the binding METRICS is there.

Law: one crossing of the border writes all that has gathered. A write that fails costs figures and nothing else.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

import js
from pyodide.ffi import JsException

from shared.log import Log
from shared.metrics import UNCOUNTED, Gathered, Metrics, Point

FLUSH_S: Final = 5.0
"""Less than the ten seconds after which an idle object may sleep; until then a pending timer keeps it awake."""


class Dataset:
    """Of each point index1 and blob1 are the counter, blob2 the label, blob3 the Worker, double1 the sum."""

    def __init__(self, raw: Any, worker: str, log: Log) -> None:
        self._write = raw.writeDataPoint.bind(raw)
        self._worker = worker
        self._log = log

    def __call__(self, points: Sequence[Point]) -> None:
        rows = [
            {"indexes": [p.counter], "blobs": [p.counter, p.label, self._worker], "doubles": [p.amount]} for p in points
        ]
        try:
            js.JSON.parse(json.dumps(rows)).forEach(self._write)
        except JsException as exc:
            self._log("metrics_lost", reason=str(exc), points=len(points))


def metrics_of_object(raw: Any, worker: str, log: Log) -> Metrics:
    """For a Durable Object: flushed FLUSH_S after something was counted. `raw` is the binding, or None."""
    if raw is None:
        return UNCOUNTED

    def wake() -> None:
        asyncio.get_running_loop().call_later(FLUSH_S, metrics.flush)

    metrics = Gathered(Dataset(raw, worker, log), wake)
    return metrics


def metrics_of_worker(raw: Any, worker: str, log: Log) -> Metrics:
    """For a Worker, which may be gone after a request: whoever counts flushes at its end."""
    return UNCOUNTED if raw is None else Gathered(Dataset(raw, worker, log))
