"""Reading an agent's answer: NDJSON lines in, text and one ending out.

Law: pure. Whatever a stream does (ends early, talks without end, sends garbage) becomes one ending: of the run, or of a
part of it when it asks for tools in good order.
"""

from typing import Final

from pydantic import ValidationError

from durable_objects.effects import RunDeferred, RunEnded
from shared.agent_api import RUN_EVENT, DeferredToolRequests, PartDelta, PartStart, RunError, RunResult, usage_of
from shared.protocol import RunOutcome, Usage

LINE_LIMIT_BYTES: Final = 2 * 1024 * 1024
TEXT_LIMIT_CHARS: Final = 64_000


class RunStream:
    """One run's answer while it comes in. Once `ending` is set, what follows is ignored.

    `usage` is what this part of the run is known to have used so far.
    """

    def __init__(self, run_id: str, length: int = 0) -> None:
        """`length`: how much of the text earlier parts of the run have brought."""
        self._run_id = run_id
        self._rest = b""
        self._length = length
        self.usage = Usage()
        self.ending: RunEnded | RunDeferred | None = None

    def feed(self, chunk: bytes) -> str:
        """The new text in these bytes."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LINE_LIMIT_BYTES:
            self._end_with_error("The agent sent an endless line")
        return "".join(self._line(line) for line in lines if line.strip())

    def closed(self) -> RunEnded | RunDeferred:
        """The ending, once the stream is over: without a terminal event it was cut."""
        return self.ending or self.cut("interrupted", "The agent stopped in the middle")

    def cut(self, outcome: RunOutcome, error: str) -> RunEnded:
        """The ending of a stream that did not come to its own."""
        return RunEnded(self._run_id, outcome, self.usage, error)

    def _line(self, line: bytes) -> str:
        if self.ending is not None:
            return ""
        try:
            event = RUN_EVENT.validate_json(line)
        except ValidationError as exc:
            # The other Worker may be newer than this one, and tell of something that is not known here.
            if exc.errors(include_url=False, include_input=False)[0]["type"] != "union_tag_invalid":
                self._end_with_error("The agent sent something unreadable")
            return ""
        self.usage = usage_of(event) or self.usage
        match event:
            case PartStart():
                return self._counted(event.part.content)
            case PartDelta():
                return self._counted(event.delta.content_delta)
            case RunResult():
                outcome: RunOutcome = "limit" if event.result.finish_reason == "length" else "success"
                self.ending = RunEnded(self._run_id, outcome, self.usage)
            case RunError():
                self._end_with_error(event.message)
            case DeferredToolRequests():
                self.ending = RunDeferred(self._run_id, event)
            case _:
                pass
        return ""

    def _counted(self, text: str) -> str:
        room = TEXT_LIMIT_CHARS - self._length
        if len(text) > room:
            self.ending = self.cut("limit", "The answer is too long")
            text = text[:room]
        self._length += len(text)
        return text

    def _end_with_error(self, message: str) -> None:
        self.ending = self.cut("error", message)
