"""A running local deployment takes up its keys when `keys rotate --env local` has changed them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from tools.console import Say, ToolError
from tools.local import LocalKeys, local_keys

LOOK_EVERY_S: Final = 0.5


class Deployment(Protocol):
    """A stack that runs."""

    def register(self, keys: LocalKeys) -> None:
        """The directory believes these from now on."""
        ...

    def configure(self, keys: LocalKeys) -> None:
        """The Workers sign with these from now on."""
        ...


def follow(folder: Path, present: LocalKeys, deployment: Deployment, say: Say, stop: threading.Event) -> None:
    """Runs until `stop`. Keys that cannot be taken up are reported once, and tried again."""
    reported = ""
    while not stop.wait(LOOK_EVERY_S):
        fresh = local_keys(folder)
        if fresh == present:
            continue
        try:
            deployment.register(fresh)
            deployment.configure(fresh)
        except ToolError as error:
            if str(error) != reported:
                say(f"keys not taken up: {error}")
            reported = str(error)
            continue
        say(f"keys: {fresh.app.thumbprint[:8]}… and {fresh.orchestrator.keys[0].thumbprint[:8]}… sign")
        present = fresh


@contextmanager
def following(folder: Path, present: LocalKeys, deployment: Deployment, say: Say) -> Iterator[None]:
    """In a thread of its own, for as long as the block lasts. `present` are the keys that it was started with."""
    stop = threading.Event()
    thread = threading.Thread(target=follow, args=(folder, present, deployment, say, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
