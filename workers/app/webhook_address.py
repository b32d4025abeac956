"""Which addresses a webhook may have: public ones, by name, over https.

Law: pure. Nothing in an address is read in two ways. Numbers are no names, in whatever base they are written, so no
address of a private network can be spelled out; what a name resolves to is the runtime's to refuse.
"""

import re
from typing import Final

LIMIT_CHARS: Final = 500
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253})(?::(?P<port>\d{1,5}))?"
    r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
_NAME: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
# RFC 6761, RFC 6762, RFC 8375, RFC 9476: names that mean something else on every network, or nothing.
_NOT_PUBLIC: Final = re.compile(
    r"(?:.*\.)?(?:localhost|local|internal|intranet|lan|home\.arpa|arpa|onion|alt|invalid|test)"
)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})
_HTTPS_PORT: Final = 443
_FIRST_FREE_PORT: Final = 1024
_LAST_PORT: Final = 65535


def fault_of(url: str, *, is_local: bool) -> str | None:
    """What is wrong with an address, for whoever gave it; None when it may be called."""
    match = _URL.fullmatch(url) if len(url) <= LIMIT_CHARS else None
    if match is None:
        return "This is no address that a webhook can have: https, a name, no user, nothing behind a #"
    port = int(match["port"]) if match["port"] else _HTTPS_PORT
    if port != _HTTPS_PORT and not _FIRST_FREE_PORT <= port <= _LAST_PORT:
        return "Only port 443 and ports from 1024 on are called"
    if is_local and match["host"] in _LOOPBACK:
        return None
    if match["scheme"] != "https":
        return "Only https addresses are called"
    if _NAME.fullmatch(match["host"]) is None or _NOT_PUBLIC.fullmatch(match["host"]):
        return "Only public hosts are called, and by their names"
    return None
