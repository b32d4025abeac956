"""How much one socket and one group may ask for.

Law: token buckets over a clock that is handed in. They live in memory: a group that was asleep starts with full ones.
"""

from dataclasses import dataclass, field
from typing import Final

_MS: Final = 1000
PATIENCE_FRAMES: Final = 200
"""Refused frames in a row after which a socket is closed: it does not read its answers."""


@dataclass(frozen=True)
class Limits:
    """Frames per second and in a burst, for a socket and for the whole group; sockets per person and per group.

    `single_use_routing_tokens`: whether a routing token opens one socket, or as many as it lives.
    """

    socket_frames_per_s: int = 50
    socket_frames_burst: int = 500
    group_frames_per_s: int = 1000
    group_frames_burst: int = 5000
    sockets_per_user: int = 20
    sockets_per_group: int = 1000
    single_use_routing_tokens: bool = False


class Bucket:
    """Holds up to `burst` tokens and gains `per_s` of them a second. Full at the start, or with `tokens` in it."""

    def __init__(self, per_s: float, burst: int, now_ms: int, tokens: float | None = None) -> None:
        self._per_s = per_s
        self._burst = burst
        self.tokens = float(burst) if tokens is None else tokens
        self._at_ms = now_ms

    def wait_ms(self, now_ms: int) -> int:
        """0 when there is a token, which is then taken; otherwise in how many milliseconds there is one."""
        return 0 if self.take(1, now_ms) else self.next_in_ms()

    def next_in_ms(self) -> int:
        """When there is a token."""
        return max(int((1 - self.tokens) * _MS / self._per_s) + 1, 0)

    def take(self, wanted: int, now_ms: int) -> int:
        """As many of the wanted tokens as there are."""
        self._gain(now_ms)
        taken = min(wanted, int(self.tokens))
        self.tokens -= taken
        return taken

    def _gain(self, now_ms: int) -> None:
        self.tokens = min(self._burst, self.tokens + (now_ms - self._at_ms) * self._per_s / _MS)
        self._at_ms = now_ms

    def full_in_ms(self) -> int:
        """When nothing more can be gained."""
        return int((self._burst - self.tokens) * _MS / self._per_s) + 1


@dataclass
class _Counter:
    bucket: Bucket
    refused: int = 0


@dataclass
class FrameLimiter:
    limits: Limits
    _group: Bucket | None = None
    _sockets: dict[str, _Counter] = field(default_factory=dict)

    def wait_ms(self, socket_id: str, now_ms: int) -> int:
        """0 when this socket may send a frame now; otherwise when it may."""
        limits = self.limits
        if self._group is None:
            self._group = Bucket(limits.group_frames_per_s, limits.group_frames_burst, now_ms)
        counter = self._sockets.get(socket_id)
        if counter is None:
            bucket = Bucket(limits.socket_frames_per_s, limits.socket_frames_burst, now_ms)
            counter = self._sockets[socket_id] = _Counter(bucket)
        wait_ms = counter.bucket.wait_ms(now_ms) or self._group.wait_ms(now_ms)
        counter.refused = counter.refused + 1 if wait_ms else 0
        return wait_ms

    def out_of_patience(self, socket_id: str) -> bool:
        """Whether this socket went on and on without waiting."""
        counter = self._sockets.get(socket_id)
        return counter is not None and counter.refused >= PATIENCE_FRAMES

    def forget(self, socket_id: str) -> None:
        self._sockets.pop(socket_id, None)
