"""Reading a streamed chat completion: server-sent events in, text, calls of tools, finish reason and usage out.

Law: pure. The form is OpenAI's `chat.completion.chunk` and what its many imitators make of it: missing [DONE], empty
choices, comments and fields of their own are all in order; a `data:` line that cannot be read is not, since it may
have been text. Workers AI's own form (`response`, whole `tool_calls`, no finish reason) is read as well.
"""

import json
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from agents.providers import FinishReason
from agents.tools import ARGS_LIMIT_CHARS, Call
from shared.agent_api import TOOLS_LIMIT
from shared.errors import Unavailable
from shared.protocol import Usage

LINE_LIMIT_BYTES: Final = 1024 * 1024
_DONE: Final = b"[DONE]"
_UNREADABLE: Final = "The model provider sent something unreadable"
_FAILED: Final = "The model provider failed"
# https://platform.openai.com/docs/api-reference/chat-streaming; what is not here is an ordinary end. `tool_calls`
# without any, or in the form before it, is no answer.
_REASONS: Final[dict[str, FinishReason]] = {
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "error",
    "function_call": "error",
    "error": "error",
}


def _nothing_for_null(value: Any) -> Any:  # noqa: ANN401 -- whatever came
    return () if value is None else value


def _as_text(value: Any) -> Any:  # noqa: ANN401 -- whatever came
    """Some give arguments as the object that they are a text of, or a number where a word is meant."""
    if isinstance(value, dict | int | float):
        return json.dumps(value)
    return value or ""


_Text = Annotated[str, BeforeValidator(_as_text)]


class _Function(BaseModel):
    name: _Text = ""
    arguments: _Text = ""


class _CallDelta(BaseModel):
    """Workers AI's form has name and arguments at this level."""

    index: int | None = None
    id: _Text = ""
    function: _Function | None = None
    name: _Text = ""
    arguments: _Text = ""


_CallDeltas = Annotated[tuple[_CallDelta, ...], BeforeValidator(_nothing_for_null)]


class _Delta(BaseModel):
    content: str | None = None
    tool_calls: _CallDeltas = ()


class _Choice(BaseModel):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Chunk(BaseModel):
    choices: Annotated[tuple[_Choice, ...], BeforeValidator(_nothing_for_null)] = ()
    usage: _Usage | None = None
    error: object = Field(default=None)
    response: _Text = ""
    tool_calls: _CallDeltas = ()


class _GrowingCall:
    """One call of a tool while it comes in, each part of it in pieces."""

    def __init__(self) -> None:
        self.id = self.name = self.args = ""

    def add(self, delta: _CallDelta) -> None:
        self.id = _grown(self.id, delta.id)
        self.name = _grown(self.name, delta.function.name if delta.function else delta.name)
        self.args += delta.function.arguments if delta.function else delta.arguments
        if len(self.args) > ARGS_LIMIT_CHARS * 4:
            raise Unavailable(_UNREADABLE, reason="endless arguments of a tool")


def _grown(so_far: str, piece: str) -> str:
    """Some send id and name once, some in pieces, some whole each time."""
    return so_far if piece == so_far else so_far + piece


class CompletionStream:
    """One completion while it comes in. Once `done`, nothing follows."""

    def __init__(self) -> None:
        self._rest = b""
        self._tokens = _Usage()
        self._calls: dict[int, _GrowingCall] = {}
        self._reason: str | None = None
        self.done = False

    def feed(self, chunk: bytes) -> str:
        """The new text in these bytes. Raises Unavailable when the provider says that it failed."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LINE_LIMIT_BYTES:
            raise Unavailable(_UNREADABLE, reason="an endless line")
        return "".join(self._line(line) for line in lines)

    @property
    def finished(self) -> bool:
        """The model has said all it wanted; only usage may follow."""
        return self.done or self._reason is not None

    @property
    def is_calling(self) -> bool:
        """A call of a tool has begun to come in."""
        return bool(self._calls)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The tools that it wants used, once it has finished; of a call that was cut off nothing is left."""
        if not self.finished or self._reason in ("length", "content_filter", "error"):
            return ()
        return tuple(Call(id=call.id, name=call.name, args=call.args) for _, call in sorted(self._calls.items()))

    @property
    def finish_reason(self) -> FinishReason | None:
        if self._reason is None:
            return None
        return "stop" if self.calls else _REASONS.get(self._reason, "stop")

    def close(self) -> str:
        """The text of a last line without an end; nothing comes after it."""
        rest, self._rest = self._rest, b""
        return self._line(rest)

    def usage(self, requests: int) -> Usage:
        tokens = self._tokens
        return Usage(input_tokens=tokens.prompt_tokens, output_tokens=tokens.completion_tokens, requests=requests)

    def _line(self, line: bytes) -> str:
        field, _, value = line.strip().partition(b":")
        if self.done or field != b"data" or not value.strip():
            return ""
        if value.strip() == _DONE:
            self.done = True
            return ""
        try:
            chunk = _Chunk.model_validate_json(value)
        except ValidationError as exc:
            raise Unavailable(_UNREADABLE, reason="a data line that is no chunk") from exc
        if chunk.error is not None:
            raise Unavailable(_FAILED, reason="an error in the stream")
        self._tokens = chunk.usage or self._tokens
        for delta in chunk.tool_calls:
            self._call(delta)
        return chunk.response + "".join(self._choice(choice) for choice in chunk.choices if choice.index == 0)

    def _choice(self, choice: _Choice) -> str:
        self._reason = choice.finish_reason or self._reason
        if choice.delta is None:
            return ""
        for delta in choice.delta.tool_calls:
            self._call(delta)
        return choice.delta.content or ""

    def _call(self, delta: _CallDelta) -> None:
        index = self._index(delta)
        if not 0 <= index < TOOLS_LIMIT:
            raise Unavailable(_UNREADABLE, reason="too many calls of tools")
        self._calls.setdefault(index, _GrowingCall()).add(delta)

    def _index(self, delta: _CallDelta) -> int:
        """Without one, what names a tool begins a call, and what does not goes on with the last."""
        if delta.index is not None:
            return delta.index
        begins = bool(delta.name or (delta.function and delta.function.name))
        return len(self._calls) if begins else max(0, len(self._calls) - 1)
