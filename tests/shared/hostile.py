"""Tokens as an attacker would build them: any header, any payload, any signature, without the profile's help."""

import json
from collections.abc import Mapping
from typing import Any

from shared.keys import PrivateKey, b64url
from tools.es256 import HostEs256

ES256 = HostEs256()


def segment(value: Mapping[str, Any] | str | bytes) -> str:
    """A JSON object, or the very text or bytes given, as a segment."""
    if isinstance(value, Mapping):
        value = json.dumps(value)
    return b64url(value.encode() if isinstance(value, str) else value)


def header(key: PrivateKey, typ: str, **more: object) -> dict[str, Any]:
    return {"alg": "ES256", "typ": typ, "kid": key.thumbprint, **more}


def forge(head: Mapping[str, Any] | str | bytes, payload: Mapping[str, Any] | str | bytes, key: PrivateKey) -> str:
    """Rightly signed by `key`, whatever it says."""
    signed = f"{segment(head)}.{segment(payload)}"
    return f"{signed}.{b64url(ES256.sign(key.pem(), signed.encode()))}"
