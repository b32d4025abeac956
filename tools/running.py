"""A running local deployment: `make dev` and `make serve` differ only in hot reload."""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from app.auth import token_digest
from tools.console import ToolError, out
from tools.follow_keys import following
from tools.local import LocalKeys, local_keys, overrides, register_app_key
from tools.seed import demo_file, seed_directory, seed_groups, seed_plan
from tools.stack import Ports, Stack, StackError
from tools.stack.watch import reload_on_save

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
DEMO_FILE = LOCAL / "demo.json"
TICK_S = 60.0
_NOTABLE_LEVELS = ("error", "warn", "runtime")


def ports_wanted(environment: Mapping[str, str]) -> Ports:
    """PORT, ORCHESTRATOR_PORT and AGENTS_PORT; without them the ones behind the App's."""
    app = _port(environment, "PORT", 8787)
    return Ports(
        app=app,
        orchestrator=_port(environment, "ORCHESTRATOR_PORT", app + 1 if app else 0),
        agents=_port(environment, "AGENTS_PORT", app + 2 if app else 0),
    )


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ToolError(f"{name} must be a port number, not {text!r}.")
    return int(text)


@contextmanager
def running_stack(ports: Ports) -> Iterator[tuple["Running", dict[str, Any]]]:
    """The stack with its data in .local, seeded; and what .local/demo.json says of it."""
    keys = local_keys(LOCAL / "keys")
    plan = seed_plan(LOCAL / "keys")
    people = json.dumps([{"name": user["name"], "token": user["token"]} for user in plan["users"]])
    ports = ports.resolve()

    def tell(keys: LocalKeys) -> dict[str, dict[str, str]]:
        return overrides(keys, ports, people)

    with Stack.start(
        root=ROOT,
        ports=ports,
        state_dir=LOCAL / "state",
        overrides=tell(keys),
        on_log=_show,
    ) as stack:
        stack.migrate()
        register_app_key(stack, keys)
        seed_directory(stack, plan, token_digest)
        demo = demo_file(stack.origins, plan, seed_groups(stack.origins["app"], plan), keys)
        DEMO_FILE.touch(mode=0o600)
        DEMO_FILE.write_text(json.dumps(demo, indent=2) + "\n")
        yield Running(stack, keys, tell), demo


Tell = Callable[[LocalKeys], dict[str, dict[str, str]]]


@dataclass(frozen=True)
class Running:
    """The stack, the keys it was started with, and what it is told with other ones."""

    stack: Stack
    keys: LocalKeys
    tell: Tell

    def register(self, keys: LocalKeys) -> None:
        register_app_key(self.stack, keys)

    def configure(self, keys: LocalKeys) -> None:
        self.stack.configure(self.tell(keys))


def run(*, hot_reload: bool) -> None:
    """Until Ctrl-C or a termination signal; then everything that was started ends."""
    # Both by name: whoever starts this in the background of a shell gives it an interrupt signal that is ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        with (
            running_stack(ports_wanted(os.environ)) as (running, demo),
            following(LOCAL / "keys", running.keys, running, _say),
            ticking(running.stack),
        ):
            _welcome(demo, hot_reload=hot_reload)
            if hot_reload:
                reload_on_save(ROOT, running.stack, _say)
            else:
                threading.Event().wait()
    except KeyboardInterrupt:
        out.print("\n  stopped")


@contextmanager
def ticking(stack: Stack, every_s: float = TICK_S) -> Iterator[None]:
    """The clock that the platform has."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(every_s):
            try:
                stack.tick()
            except StackError as exc:
                _say(f"by the clock: {exc}")

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()


def _say(line: str) -> None:
    out.print(f"  [cyan]↻[/cyan] {line}")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _show(level: str, text: str) -> None:
    """Requests are quiet; what went wrong is not."""
    if level in _NOTABLE_LEVELS or '"status":5' in text or '"event":"request"' not in text:
        out.print(f"  {level}  {text}", markup=False)


def _welcome(demo: dict[str, Any], *, hot_reload: bool) -> None:
    names = ", ".join(user["name"] for user in demo["users"])
    out.print(f"\n  [bold]Parley[/bold] is running at [link]{demo['base_url']}[/link]")
    out.print(f"  sign in there as {names}; type @scribe to have a conversation summed up")
    out.print(f"  Orchestrator {demo['orchestrator_url']} · Agents {demo['agents_url']}")
    out.print(f"  tokens and ids for programs: {DEMO_FILE.relative_to(ROOT)}")
    out.print(f"  {'saved sources are taken up at once; ' if hot_reload else ''}Ctrl-C ends it\n")
