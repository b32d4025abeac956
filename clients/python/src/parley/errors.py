"""What may go wrong, as a caller sees it.

ParleyError               the server refused, and says why: code, status, detail
├── CommandRefused        … a command on the socket; the room goes on
├── Unreachable           … nothing: the server was not reached at all
├── Closed                the server closed the room for good; do not come back as you are
├── Undecodable           the server said something that this version cannot read
└── StreamGap             part of a run's text is missing and cannot be had any more
"""


class ParleyError(Exception):
    """A failure with a stable `code`. `status` is the HTTP status where there is one, `detail` a sentence to show."""

    def __init__(self, code: str, status: int | None, detail: str, retry_after_ms: int | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status = status
        self.detail = detail
        self.retry_after_ms = retry_after_ms


class CommandRefused(ParleyError):
    """`temporary` says whether the same command may succeed later."""

    def __init__(self, code: str, detail: str, *, temporary: bool, retry_after_ms: int | None = None) -> None:
        super().__init__(code, None, detail, retry_after_ms)
        self.temporary = temporary


class Unreachable(ParleyError):
    def __init__(self, detail: str) -> None:
        super().__init__("unreachable", None, detail)


class Closed(ParleyError):
    """`close_code` is the WebSocket close code, 4500 to 4999."""

    def __init__(self, close_code: int, reason: str) -> None:
        super().__init__("closed", None, f"the server closed the room: {close_code} {reason}".rstrip())
        self.close_code = close_code
        self.reason = reason


class Undecodable(ParleyError):
    def __init__(self, detail: str) -> None:
        super().__init__("undecodable", None, detail)


class StreamGap(ParleyError):
    def __init__(self, run_id: str) -> None:
        super().__init__("stream_gap", None, f"part of the text of {run_id} was missed; the final message has it whole")
