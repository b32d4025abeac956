"""Reading a streamed chat completion: server-sent events in, text, finish reason and usage out.

Law: pure. The form is OpenAI's `chat.completion.chunk` and what its many imitators make of it: missing [DONE], empty
choices, comments and fields of their own are all in order; a `data:` line that cannot be read is not, since it may
have been text.
"""

from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from agents.providers import FinishReason
from shared.errors import Unavailable
from shared.protocol import Usage

LINE_LIMIT_BYTES: Final = 1024 * 1024
_DONE: Final = b"[DONE]"
_UNREADABLE: Final = "The model provider sent something unreadable"
_FAILED: Final = "The model provider failed"
# https://platform.openai.com/docs/api-reference/chat-streaming; what is not here is an ordinary end. No tools are
# offered, so a model that calls one has not answered.
_REASONS: Final[dict[str, FinishReason]] = {
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "error",
    "function_call": "error",
    "error": "error",
}


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Chunk(BaseModel):
    choices: Annotated[tuple[_Choice, ...], BeforeValidator(lambda value: () if value is None else value)] = ()
    usage: _Usage | None = None
    error: object = Field(default=None)


class CompletionStream:
    """One completion while it comes in. Once `done`, nothing follows."""

    def __init__(self) -> None:
        self._rest = b""
        self._tokens = _Usage()
        self.finish_reason: FinishReason | None = None
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
        return self.done or self.finish_reason is not None

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
        return "".join(self._choice(choice) for choice in chunk.choices if choice.index == 0)

    def _choice(self, choice: _Choice) -> str:
        if choice.finish_reason:
            self.finish_reason = _REASONS.get(choice.finish_reason, "stop")
        return (choice.delta.content or "") if choice.delta else ""
