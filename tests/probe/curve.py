"""P-256 by hand: keys and signatures at the edges of the numbers, which no key generator would give.

Signatures come first here: r and s are chosen, and the key that they are valid under is computed from them
(SEC 1 §4.1.6). That is how edge cases get positive answers. Slow and not constant in time; for tests alone.
"""

import hashlib
from typing import Final

from shared.keys import PublicKey, b64url
from tests.shared.credential import N, raw_signature

P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G: Final = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int]


def add(a: Point | None, b: Point | None) -> Point | None:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    rise, run = (3 * a[0] * a[0] - 3, 2 * a[1]) if a == b else (b[1] - a[1], b[0] - a[0])
    slope = rise * pow(run, -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k: int, point: Point) -> Point | None:
    total: Point | None = None
    doubled: Point | None = point
    while k:
        total = add(total, doubled) if k & 1 else total
        doubled, k = add(doubled, doubled), k >> 1
    return total


def point_at(x: int) -> Point | None:
    """A point of that x, where the curve has one."""
    square = (x**3 - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    return (x, y) if y * y % P == square else None


def points_from(x: int, step: int, count: int) -> list[Point]:
    """The next points of the curve as x goes on."""
    found: list[Point] = []
    while len(found) < count:
        point = point_at(x % P)
        found += [point] if point else []
        x += step
    return found


def jwk(point: Point) -> dict[str, str]:
    x, y = (b64url(number.to_bytes(32)) for number in point)
    return PublicKey(x=x, y=y).model_dump()


def key_for(point: Point, s: int, message: bytes) -> tuple[dict[str, str], str] | None:
    """A key under which (r, s) signs the message, where r comes of the point; and that signature."""
    r, e = point[0] % N, int.from_bytes(hashlib.sha256(message).digest())
    if r == 0:
        return None
    by_r = pow(r, -1, N)
    key = add(times(s * by_r % N, point), times(-e * by_r % N, G))
    return (jwk(key), raw_signature(r, s)) if key else None
