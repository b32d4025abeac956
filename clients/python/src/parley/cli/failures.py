"""What went wrong, in one sentence, and the exit code that says so to a script.

Law: one table. 0 is done; 2 is typer's, for a command that cannot be read; 130 an interruption.
"""

from typing import Final

from parley.errors import Closed, ParleyError, StreamGap, Undecodable, Unreachable

FAILED: Final = 1
SIGN_IN: Final = 3
NOT_ALLOWED: Final = 4
TRY_AGAIN: Final = 5
NOT_GENUINE: Final = 6
INTERRUPTED: Final = 130

_SIGN_IN_STATUS: Final = 401
_NOT_ALLOWED_STATUS: Final = frozenset({403, 404})
_TRY_AGAIN_STATUS: Final = frozenset({408, 425, 429})
_SERVER_STATUS: Final = 500
_CREDENTIAL_CLOSE: Final = 4500


class CommandFailed(Exception):
    """Something the reader can put right; the text says what."""

    def __init__(self, sentence: str, exit_code: int = FAILED) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def explained(failure: ParleyError) -> CommandFailed:
    match failure:
        case Unreachable():
            return CommandFailed(f"{_sentence(failure.detail)} Is it running, and is the address right?", TRY_AGAIN)
        case Closed(close_code=code, reason=reason):
            exit_code = SIGN_IN if code == _CREDENTIAL_CLOSE else NOT_ALLOWED
            return CommandFailed(f"The group was left: {reason or code}.", exit_code)
        case Undecodable() | StreamGap():
            return CommandFailed(_sentence(failure.detail))
        case _:
            return CommandFailed(f"{_sentence(failure.detail)} ({failure.code})", exit_code_of(failure.status))


def exit_code_of(status: int | None) -> int:
    if status == _SIGN_IN_STATUS:
        return SIGN_IN
    if status in _NOT_ALLOWED_STATUS:
        return NOT_ALLOWED
    if status is not None and (status in _TRY_AGAIN_STATUS or status >= _SERVER_STATUS):
        return TRY_AGAIN
    return FAILED


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
