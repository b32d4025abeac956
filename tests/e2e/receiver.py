"""A server of somebody else's on this machine, which is told of events."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook


@dataclass
class Posted:
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    """`answers` says with which status each path is answered, 204 when it is not named."""

    answers: dict[str, int] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)
    port: int = 0
    hanging: threading.Event = field(default_factory=threading.Event)
    """Until it is set, what comes to `/hangs` gets no answer."""

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Posted]:
        return [one for one in self.posted if one.path == path]

    def verified(self, path: str, secret: str) -> list[dict[str, Any]]:
        """What came in there, judged by the library that Standard Webhooks publishes."""
        return [Webhook(secret).verify(one.body, one.headers) for one in self.at(path)]

    @contextmanager
    def listening(self) -> Iterator["Receiver"]:
        """Again at the same port, once it has had one."""
        with _Server(("127.0.0.1", self.port), self._handler()) as server:
            self.port = server.server_port
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield self
            finally:
                self.hanging.set()
                server.shutdown()
                thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Answers(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.posted.append(Posted(self.path, headers, body))
                if self.path == "/hangs":
                    receiver.hanging.wait()
                    return
                self.send_response(receiver.answers.get(self.path, 204))
                self.send_header("Location", receiver.url("/elsewhere"))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
                pass

        return Answers


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
