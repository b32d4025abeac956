"""How fast a long log is archived, in how much memory, and how long others wait meanwhile.

    PYTHONPATH=.:workers .venv/bin/python -m tests.load.archiving [MESSAGES]

On the real runtime, alone on the machine. The log is written into the object's database while the object is away;
everything behind that is the product. Prints one line of figures for a tenth of the messages and one for all of them.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from random import Random
from statistics import median

import httpx

from shared.protocol import Actor, Event, MessageCreated
from tests.e2e.deployment import Deployment, Team
from tools.local import local_keys, overrides, register_app_key
from tools.stack import Ports, Stack

ROOT = Path(__file__).resolve().parent.parent.parent
CONTROLLER = "GroupController"
LIMIT = 200_000
TEXT = "the ovens arrive on Thursday one day before harbour kitchen reopens fish soup bread and plum cake menu"
MB = 1_000_000


def fill(stack: Stack, team: Team, group_id: str, messages: int) -> int:
    """Writes the messages behind what is there; the size of the whole log in bytes."""
    with stack.object_file(CONTROLLER, group_id) as path, closing(sqlite3.connect(path)) as database:
        head, size = database.execute("SELECT max(seq), sum(length(CAST(body AS BLOB))) FROM events").fetchone()
        epoch = database.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]
        chance, rows = Random(1), []  # noqa: S311 -- the same log each time
        for seq in range(head + 1, head + messages + 1):
            data = MessageCreated(text=" ".join(chance.choices(TEXT.split(), k=40)), client_msg_id=f"m{seq}")
            body = Event(
                actor=Actor(kind="user", id=team.ids["ada"], name="Ada"),
                data=data,
                epoch=epoch,
                seq=seq,
                ts="2026-11-23T09:30:00.000Z",
                type="message.created",
            ).text()
            rows.append((seq, "message.created", body, team.ids["ada"], f"m{seq}", "0" * 64))
        statement = "INSERT INTO events (seq, type, body, sender, client_msg_id, digest) VALUES (?, ?, ?, ?, ?, ?)"
        with database:
            database.executemany(statement, rows)
        return int(size) + sum(len(row[2].encode()) + 1 for row in rows)


async def measure(stack: Stack, team: Team, messages: int) -> str:
    group_id = team.new_group()
    size = fill(stack, team, group_id, messages)
    read(team, group_id)  # awake, so that waking is not part of it
    before_mb = memory_mb(stack, "VmRSS")
    started, waits, rss_mb = time.monotonic(), list[float](), list[int]()
    archiving = asyncio.create_task(asyncio.to_thread(archive, team, group_id))
    while not archiving.done():
        asked = time.monotonic()
        await asyncio.to_thread(read, team, group_id)
        waits.append((time.monotonic() - asked) * 1000)
        rss_mb.append(memory_mb(stack, "VmRSS"))
    await archiving
    took_s = time.monotonic() - started
    peak_mb = memory_mb(stack, "VmHWM")
    waits.sort()
    return json.dumps(
        {
            "messages": messages,
            "log_mb": round(size / MB, 1),
            "seconds": round(took_s, 2),
            "mb_per_s": round(size / MB / took_s, 2),
            "reads_meanwhile": len(waits),
            "read_ms_median": round(median(waits), 1),
            "read_ms_p99": round(waits[len(waits) * 99 // 100], 1),
            "read_ms_max": round(waits[-1], 1),
            "runtime_rss_mb_before": before_mb,
            "runtime_rss_mb_meanwhile": rss_mb[:: max(1, len(rss_mb) // 12)],
            "runtime_rss_mb_peak": peak_mb,
        }
    )


def archive(team: Team, group_id: str) -> None:
    url = f"{team.deployment.origin('app')}/groups/{group_id}/archive"
    headers = {"Authorization": f"Bearer {team.bearers['ada']}"}
    httpx.post(url, json={"reason": "measured"}, headers=headers, timeout=300).raise_for_status()


def read(team: Team, group_id: str) -> None:
    team.get("ada", f"/groups/{group_id}/messages?limit=20")


def memory_mb(stack: Stack, name: str) -> int:
    """Of the whole runtime, all Workers in it."""
    status = Path(f"/proc/{stack.runtime_pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1]) // 1000


def main() -> None:
    messages = min(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, LIMIT)
    ports = Ports(0, 0, 0).resolve()
    with tempfile.TemporaryDirectory(prefix="parley-load-") as folder:
        keys = local_keys(Path(folder))
        with Stack.start(root=ROOT, ports=ports, state_dir=None, overrides=overrides(keys, ports)) as stack:
            stack.migrate()
            register_app_key(stack, keys)
            team = Deployment(stack, keys, []).new_team()
            for count in (messages // 10, messages):
                sys.stdout.write(asyncio.run(measure(stack, team, count)) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
