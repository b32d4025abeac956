"""A running local deployment takes up its keys when `keys rotate --env local` has changed them."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from watchfiles import watch

from tools.console import ToolError
from tools.local import LocalKeys, local_keys

Overrides = Mapping[str, Mapping[str, str]]


class Deployment(Protocol):
    """A stack that runs."""

    def register(self, keys: LocalKeys) -> None:
        """The directory believes these from now on."""
        ...

    def configure(self, keys: LocalKeys) -> None:
        """The Workers sign with these from now on."""
        ...


def follow(folder: Path, deployment: Deployment, say: Callable[[str], None], stop: threading.Event) -> None:
    """Runs until `stop`. Keys that cannot be taken up are reported, and the next change tries again."""
    present = local_keys(folder)
    for _ in watch(folder, stop_event=stop, debounce=200, step=20, rust_timeout=500, yield_on_timeout=False):
        try:
            fresh = local_keys(folder)
            if fresh != present:
                deployment.register(fresh)
                deployment.configure(fresh)
                say(f"keys: {fresh.app.thumbprint[:8]}… and {fresh.orchestrator.keys[0].thumbprint[:8]}… sign")
                present = fresh
        except ToolError as error:
            say(f"keys not taken up: {error}")


@contextmanager
def following(folder: Path, deployment: Deployment, say: Callable[[str], None]) -> Iterator[None]:
    """In a thread of its own, for as long as the block lasts."""
    stop = threading.Event()
    thread = threading.Thread(target=follow, args=(folder, deployment, say, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
