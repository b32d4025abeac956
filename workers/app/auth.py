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
GROUP_READ: Final = "parley.group"
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
    token = _bearer(request)
    if ports.sign_in is not None and "." in token:
        found = await ports.sign_in.person(token)
    else:
        found = await _holder(token, request, ports)
    note(sub=found.id)
    return found


async def _holder(token: str, request: Request, ports: AppPorts) -> Person:
    """With whoever it is comes the group that the path names; `app.groups.find_group` takes it."""
    digest, group_id = token_digest(token), request.path_params.get("group_id")
    if group_id is None:
        found = await ports.store.person_of_token(digest, ports.now())
    else:
        found, request.scope[GROUP_READ] = await ports.store.person_and_group(digest, ports.now(), group_id)
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
