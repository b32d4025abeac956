"""Reading what a client sends: from a text frame to a command, or to an error that names what is wrong.

Law: input is hostile. Size and depth are checked before anything is built from it.
"""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from shared.errors import InvalidBody, InvalidFrame, TooLarge
from shared.protocol import COMMANDS, DEPTH_LIMIT, FRAME_LIMIT_BYTES, Command
from shared.strict_json import strict_object

PROBLEMS_LIMIT: Final = 200


@dataclass(frozen=True)
class Frame:
    """One parsed client frame."""

    id: int
    command: Command


class UnreadableFrame(InvalidFrame):
    """A frame without a command in it. `frame_id` is its id when at least that could be read."""

    def __init__(self, detail: str, frame_id: int | None = None) -> None:
        super().__init__(detail)
        self.frame_id = frame_id


class UnacceptableCommand(InvalidBody):
    """A known command whose members are wrong."""

    def __init__(self, detail: str, frame_id: int) -> None:
        super().__init__(detail)
        self.frame_id = frame_id


def parse_frame(text: str) -> Frame:
    """Reads `{"id": n, "<command>": {…}}`. Raises TooLarge, UnreadableFrame, UnacceptableCommand."""
    if len(text) > FRAME_LIMIT_BYTES or (len(text) * 4 > FRAME_LIMIT_BYTES and _utf8_length(text) > FRAME_LIMIT_BYTES):
        raise TooLarge(f"A frame is at most {FRAME_LIMIT_BYTES} bytes")
    value = _json_object(text)
    frame_id = value.pop("id", None)
    if not isinstance(frame_id, int) or isinstance(frame_id, bool) or not 0 <= frame_id < 2**53:
        raise UnreadableFrame("A frame needs an integer 'id'")
    if len(value) != 1:
        raise UnreadableFrame("A frame holds an 'id' and exactly one command", frame_id)
    name, body = value.popitem()
    command = COMMANDS.get(name)
    if command is None:
        raise UnreadableFrame(f"Unknown command; known are {', '.join(COMMANDS)}", frame_id)
    try:
        return Frame(frame_id, command.__pydantic_validator__.validate_python(body))
    except ValidationError as exc:
        raise UnacceptableCommand(f"{name}: {first_problem(exc)}", frame_id) from exc


def first_problem(exc: ValidationError) -> str:
    """What is wrong and where, without repeating the input."""
    if exc.error_count() > PROBLEMS_LIMIT:
        # They come all at once or not at all, and somebody may have sent a megabyte of them.
        return f"{exc.error_count()} members are not what they should be"
    error = exc.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in error["loc"])
    return f"{where}: {error['msg']}" if where else error["msg"]


def _utf8_length(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _json_object(text: str) -> dict[str, Any]:
    if text.count("{") + text.count("[") > DEPTH_LIMIT and _depth(text) > DEPTH_LIMIT:
        raise UnreadableFrame(f"JSON is nested deeper than {DEPTH_LIMIT}")
    try:
        return strict_object(text)
    except ValueError as exc:
        raise UnreadableFrame("The frame is not a JSON object, or has a member twice") from exc


def _depth(text: str) -> int:
    """An upper bound of the nesting: brackets inside strings count too, outside of escapes."""
    depth = deepest = 0
    in_string = escaped = False
    for char in text:
        if in_string:
            in_string = escaped or char != '"'
            escaped = not escaped and char == "\\"
        elif char == '"':
            in_string = True
        elif char in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "}]":
            depth -= 1
    return deepest
