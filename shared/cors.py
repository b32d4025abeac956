"""Which web pages of other origins may call an API (the Fetch standard's CORS protocol).

Law: by a list of origins, never for all, and never with cookies: a page proves whom it speaks for by a bearer token.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

ASKED_HEADERS: Final = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Range")
SHOWN_HEADERS: Final = (
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Idempotency-Replayed",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
)
_PREFLIGHT_AGE_S: Final = 600


@dataclass(frozen=True)
class Cors:
    origins: frozenset[str]

    def headers(self, origin: str) -> dict[str, str]:
        """What any answer to a page of this origin carries ("" is none). Caches must know that it depends on it."""
        if not self.origins:
            return {}
        vary = {"Vary": "Origin"}
        if origin not in self.origins:
            return vary
        shown = {"Access-Control-Expose-Headers": ", ".join(SHOWN_HEADERS)}
        return {**vary, **shown, "Access-Control-Allow-Origin": origin}

    def preflight(self, asked: Mapping[str, str], methods: Iterable[str]) -> dict[str, str] | None:
        """What a browser is told that asks before it sends; None when it does not ask, or is not of our list."""
        if asked.get("origin") not in self.origins or "access-control-request-method" not in asked:
            return None
        return {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": ", ".join(ASKED_HEADERS),
            "Access-Control-Max-Age": str(_PREFLIGHT_AGE_S),
        }


NOWHERE_ELSE: Final = Cors(frozenset())
