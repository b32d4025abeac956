"""JSON without its liberties: UTF-8 alone, no member twice, no NaN or Infinity.

RFC 8259 leaves these to the reader; two readers who choose differently see two different documents.
"""

import json
from typing import Any, Final, NoReturn


def strict_object(raw: bytes | str) -> dict[str, Any]:
    """The object in `raw`. Raises ValueError; RecursionError when it is nested too deep for the machine."""
    text = raw.decode() if isinstance(raw, bytes) else raw
    value = _DECODER.decode(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 -- callers translate ValueError alone
    return value


def _no_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(members)
    if len(unique) != len(members):
        raise ValueError("duplicate JSON member")
    return unique


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Made once: `json.loads` with hooks makes a decoder a call, which takes longer than decoding a frame.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_refuse_constant)
