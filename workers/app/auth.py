"""Who is calling the App: a person with a bearer token, or the operator of this deployment.

Law: of our own tokens only SHA-256 digests are compared or looked up; one is shown once, when it is made. They have no
dots; what has some can only be a token of the identity provider.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from app.ports import AppPorts
from app.store import Person
from shared.errors import InvalidCredential
from shared.evidence import note
from shared.http import Authenticate, anyone
from shared.keys import b64url

TOKEN_PREFIX: Final = "prl_"  # noqa: S105 -- what a token looks like, not one
_TOKEN_BYTES: Final = 32


def new_token(ports: AppPorts) -> tuple[str, str]:
    """A fresh bearer token and its SHA-256 in hex."""
    token = TOKEN_PREFIX + b64url(ports.random_bytes(_TOKEN_BYTES))
    return token, token_digest(token)


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def person(request: Request, raw: bytes, ports: AppPorts) -> Person:
    """The person behind the bearer token."""
    del raw
    found = await _holder(_bearer(request), ports)
    note(sub=found.id)
    return found


async def _holder(token: str, ports: AppPorts) -> Person:
    if ports.sign_in is not None and "." in token:
        return await ports.sign_in.person(token)
    found = await ports.store.person_of_token(token_digest(token), ports.now())
    if found is None:
        raise InvalidCredential(reason="unknown bearer")
    return found


async def operator(request: Request, raw: bytes, ports: AppPorts) -> None:
    """Whoever holds this deployment's operator token."""
    del raw
    digests = (token_digest(_bearer(request)), token_digest(ports.settings.operator_token))
    if not hmac.compare_digest(*digests):
        raise InvalidCredential(reason="not the operator")


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise InvalidCredential(reason="no bearer token")
    return token.strip()


authenticate: Final[Mapping[str, Authenticate]] = {"person": person, "operator": operator, "anyone": anyone}
