"""An identity provider on this machine: it serves its key set over HTTP, and counts who reads it."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from tests.shared.id_tokens import IdToken, good_tokens

ORG_ID: Final = "org_" + "7" * 26
AUDIENCE: Final = "parley"
NOISE: Final = ({"kty": "oct", "kid": "x", "k": "AAAA"}, {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": "A" * 43})


@dataclass
class Issuer:
    """`document` is what it answers, whoever asks for whatever; `status` and `location` lead astray."""

    url: str
    document: bytes = b""
    status: int = 200
    location: str = ""
    paths: list[str] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """What an App is told that trusts it."""
        return {
            "IDP_ISSUER": self.url,
            "IDP_JWKS_URL": f"{self.url}/keys.json",
            "IDP_AUDIENCE": AUDIENCE,
            "IDP_ORG_ID": ORG_ID,
            "IDP_PROVISION": "true",
        }

    def publish(self, *keys: Mapping[str, Any]) -> None:
        self.document = json.dumps({"keys": [*NOISE, *keys]}).encode()

    def good(self, now_s: int) -> tuple[IdToken, ...]:
        """A token of each algorithm, signed by the keys that are published from the start."""
        return good_tokens(self.url, AUDIENCE, now_s)


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    issuer = Issuer("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.paths.append(self.path)
            self.send_response(issuer.status)
            if issuer.location:
                self.send_header("Location", issuer.location)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(issuer.document)))
            self.end_headers()
            self.wfile.write(issuer.document)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer.url = f"http://127.0.0.1:{server.server_port}"
        issuer.publish(*(token.jwk() for token in issuer.good(0)))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
