"""Models that do as their names say: a small OpenAI-compatible server on this machine, for agents with a script.

say:You, @other      says that
slow:one two three   a word every 100 ms, for as long as it is listened to
silence              accepts the call and says nothing more
garbage              sends what is no event stream
cut:3                breaks off behind so many pieces, the connection with them
endless              one piece after the other, without end
status:503           refuses
use:tool {"a": 1}    uses that tool with these arguments, and then says what came of it
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.agents.providers.completions import DONE, call, finish, text, usage

PIECES = ("Well, ", "let ", "me ", "think ", "about ", "it.")
ENDLESS_PIECE = "and so on " * 50
WORD_S = 0.1


@dataclass
class Script:
    """What was asked of the models, in their order."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def of(self, model: str) -> list[dict[str, Any]]:
        return [body for body in self.asked if body["model"] == model]


class Actor(BaseHTTPRequestHandler):
    script: Script

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.script.asked.append(body)
        name, _, line = body["model"].partition(":")
        parts: dict[str, Callable[[str], None]] = {
            "say": self.say,
            "slow": self.slow,
            "silence": self.silence,
            "garbage": self.garbage,
            "cut": self.cut,
            "endless": self.endless,
            "status": self.refuse,
            "use": lambda line: self.use(line, body["messages"]),
        }
        with suppress(ConnectionError):  # whoever asked may have gone away
            parts[name](line)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

    def end(self, *frames: bytes) -> None:
        self.wfile.write(b"".join((*frames, finish(), usage(10, 4), DONE)))

    def say(self, line: str) -> None:
        self.begin()
        self.end(text(line))

    def slow(self, line: str) -> None:
        self.begin()
        for word in line.split(" "):
            self.wfile.write(text(word + " "))
            self.script.over.wait(WORD_S)
        self.end()

    def silence(self, _: str) -> None:
        self.begin()
        self.wfile.flush()
        self.script.over.wait()

    def garbage(self, _: str) -> None:
        self.begin()
        self.wfile.write(b"data: {not json\n\n\x00\xff<html>data: [\n\n")

    def cut(self, count: str) -> None:
        self.begin()
        self.wfile.write(b"".join(text(piece) for piece in PIECES[: int(count)]))

    def endless(self, _: str) -> None:
        self.begin()
        until = time.monotonic() + 60
        while time.monotonic() < until and not self.script.over.is_set():
            self.wfile.write(text(ENDLESS_PIECE))

    def use(self, line: str, messages: list[dict[str, Any]]) -> None:
        results = [message["content"] for message in messages if message["role"] == "tool"]
        name, _, args = line.partition(" ")
        self.begin()
        if results:
            self.end(text(f"I am back: {results[-1]}"))
        else:
            self.wfile.write(b"".join((call(name, args), finish("tool_calls"), usage(10, 4), DONE)))

    def refuse(self, status: str) -> None:
        self.send_response(int(status))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        pass


@contextmanager
def models() -> Iterator[tuple[Script, str]]:
    """The models' script, and the address of their API."""
    script = Script()
    handler = type("ScriptedActor", (Actor,), {"script": script})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield script, f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            script.over.set()
            server.shutdown()
            thread.join()
