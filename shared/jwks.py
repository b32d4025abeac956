"""An issuer's public keys, read from its JWK Set and kept for a while.

Law: the address is configured; nothing a caller sends can cause a fetch to anywhere else, and an unknown key id
causes at most one re-read a minute.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Generic, TypeVar

from shared.clock import Clock
from shared.errors import Unavailable
from shared.keys import KeySet, PublicKey

FRESH_MS: Final = 300_000
REREAD_MS: Final = 60_000
RETRY_MS: Final = 1_000


K = TypeVar("K")


def own_keys(document: bytes) -> Mapping[str, PublicKey]:
    """A key set in our own strict form. Raises ValueError."""
    return KeySet.model_validate_json(document).by_id()


class RemoteKeys(Generic[K]):
    """A key source over a fetch of one fixed document. `parse` raises ValueError."""

    def __init__(
        self, read: Callable[[], Awaitable[bytes]], clock: Clock, parse: Callable[[bytes], Mapping[str, K]]
    ) -> None:
        self._read = read
        self._clock = clock
        self._parse = parse
        self._keys: Mapping[str, K] = {}
        self._read_at_ms = -FRESH_MS

    async def key(self, kid: str) -> K | None:
        """Raises Unavailable when the set was never read and cannot be."""
        age_ms = self._clock() - self._read_at_ms
        if not self._keys and age_ms < RETRY_MS:
            raise Unavailable(reason="the issuer's keys could not be read a moment ago")
        if not self._keys or age_ms >= FRESH_MS or (kid not in self._keys and age_ms >= REREAD_MS):
            await self._reread()
        return self._keys.get(kid)

    async def _reread(self) -> None:
        if self._keys:
            self._read_at_ms = self._clock()  # who comes while this one reads goes on with the keys that are here
        try:
            self._keys = self._parse(await self._read())
        except (Unavailable, ValueError) as exc:
            if not self._keys:
                raise Unavailable(reason="the issuer's keys cannot be read") from exc
        finally:
            self._read_at_ms = self._clock()


class OwnKeys:
    """A `KeySource` of the keys that this Worker itself publishes."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys.by_id()

    async def key(self, kid: str) -> PublicKey | None:
        return self._keys.get(kid)
