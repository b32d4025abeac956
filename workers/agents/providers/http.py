"""The ports to what agents reach over HTTP.

Law: types only.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


class Broken(Exception):
    """The connection could not be made, or broke."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """By their names in small letters."""
    body: AsyncGenerator[bytes]
    """Raises Broken when the connection breaks."""


class HttpPost(Protocol):
    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> AbstractAsyncContextManager[Answer]:
        """An answer as soon as it begins; leaving the context closes the connection. Raises Broken.

        Redirects are not followed: the headers carry a key that is meant for this address alone.
        """
        ...


class HttpGet(Protocol):
    def get(self, url: str) -> AbstractAsyncContextManager[Answer]:
        """As `post`, without a credential or a cookie. Redirects are not followed: where they lead is checked first."""
        ...
