"""The socket itself, over `websockets`.

Law: the only module that knows that library; its exceptions become ours here.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from parley.errors import ParleyError, Unreachable
from parley.rest import problem

_FRAME_LIMIT_BYTES: Final = 16 * 1024 * 1024


class Lost(Exception):
    """The connection ended with this close code; 1006 when it just broke."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Socket(Protocol):
    async def receive(self) -> str:
        """The next text frame. Raises Lost."""
        ...

    async def send(self, text: str) -> None:
        """Raises Lost."""
        ...

    async def close(self) -> None:
        """Says good-bye."""
        ...

    def abort(self) -> None:
        """Breaks the connection without a word, for when nobody is there to hear one."""
        ...


Connect = Callable[[str, Sequence[str]], Awaitable[Socket]]
"""Opens a socket at this address with these subprotocols. Raises ParleyError."""


class _WebSocket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def receive(self) -> str:
        try:
            frame = await self._connection.recv()
        except ConnectionClosed as exc:
            raise _lost(exc) from exc
        return frame if isinstance(frame, str) else ""

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as exc:
            raise _lost(exc) from exc

    async def close(self) -> None:
        await self._connection.close()

    def abort(self) -> None:
        self._connection.transport.abort()


async def open_socket(address: str, subprotocols: Sequence[str]) -> Socket:
    """Keep-alive is the protocol's own `ping`, which reaches through to what answers for the room."""
    try:
        return _WebSocket(
            await connect(
                address,
                subprotocols=[Subprotocol(name) for name in subprotocols] or None,
                ping_interval=None,
                close_timeout=2,
                max_size=_FRAME_LIMIT_BYTES,
            )
        )
    except InvalidStatus as exc:
        raise _refused(exc) from exc
    except (OSError, TimeoutError, EOFError, InvalidHandshake) as exc:
        raise Unreachable(f"The socket could not be opened: {type(exc).__name__}") from exc


def _lost(exc: ConnectionClosed) -> Lost:
    return Lost(1006, "") if exc.rcvd is None else Lost(exc.rcvd.code, exc.rcvd.reason)


def _refused(exc: InvalidStatus) -> ParleyError:
    response = exc.response
    try:
        body = json.loads(response.body or b"{}")
    except ValueError:
        body = {}
    return problem(response.status_code, body, response.headers.get("Retry-After"))
