"""A model provider on this machine, and a deployment that asks it."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.agents.providers.completions import DONE, call, finish, text, usage
from tests.e2e.deployment import ROOT, Deployment, deployment_told

Asked = dict[str, Any]
Handler = BaseHTTPRequestHandler
Script = Callable[[Handler, Asked], None]


def begin(handler: Handler, status: int, media_type: str, **headers: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", media_type)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()


def fail(handler: Handler, asked: Asked) -> None:
    del asked
    begin(handler, 500, "application/json")
    handler.wfile.write(b'{"error": {"message": "the secret plan"}}')


def no_page(handler: Handler) -> None:
    begin(handler, 404, "text/plain")


def streaming(answer: Callable[[Asked], Iterable[bytes]]) -> Script:
    """A model that answers in these frames."""

    def stream(handler: Handler, asked: Asked) -> None:
        begin(handler, 200, "text/event-stream")
        for frame in answer(asked):
            handler.wfile.write(frame)

    return stream


def saying(words: str) -> list[bytes]:
    return [text(words), finish(), usage(41, 7), DONE]


def calling(*calls: tuple[str, str]) -> list[bytes]:
    """Tools by name and arguments."""
    begun = [call(name, args, f"call_{index}", index) for index, (name, args) in enumerate(calls)]
    return [*begun, finish("tool_calls"), usage(41, 7), DONE]


def results(asked: Asked) -> list[str]:
    """What came of the tools that the model has called so far."""
    return [message["content"] for message in asked["messages"] if message["role"] == "tool"]


def said_by_people(asked: Asked) -> list[str]:
    lines = (line for m in asked["messages"] if m["role"] == "user" for line in m["content"].splitlines())
    return [turn["text"] for turn in map(json.loads, lines) if turn["kind"] == "user"]


@dataclass
class StubModels:
    """`scripts` are models by name, `pages` answer to GET by their path; `asked` is what models were asked."""

    scripts: Mapping[str, Script]
    pages: Mapping[str, Callable[[Handler], None]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    keys: set[str | None] = field(default_factory=set)
    read: list[str] = field(default_factory=list)
    origin: str = ""

    def handler(self) -> type[Handler]:
        stub = self

        class Answers(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                stub.asked.append(body)
                stub.keys.add(self.headers["authorization"])
                model = body["model"] if self.path == "/v1/chat/completions" else "nowhere"
                stub.scripts.get(model, fail)(self, body)

            def do_GET(self) -> None:
                stub.read.append(self.path)
                stub.pages.get(self.path, no_page)(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
                pass

        return Answers

    @contextmanager
    def serving(self) -> Iterator["StubModels"]:
        with ThreadingHTTPServer(("127.0.0.1", 0), self.handler()) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            self.origin = f"http://127.0.0.1:{server.server_port}"
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


@contextmanager
def deployment_asking(
    stub: StubModels,
    keys_folder: Path,
    key: str,
    told: Mapping[str, str] = MappingProxyType({}),
    *,
    name: str = "stub",
    root: Path = ROOT,
) -> Iterator[Deployment]:
    """The stack of the checkout `root`, whose provider of that name is this one; `told` are more settings of the Agents
    Worker.
    """
    provider = {"name": name, "base_url": f"{stub.origin}/v1", "key_secret": "STUB_KEY"}
    settings = {"PROVIDERS": json.dumps([provider]), "STUB_KEY": key, **told}
    with deployment_told(keys_folder, {"agents": settings}, root) as deployment:
        yield deployment
