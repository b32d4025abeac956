"""Models behind an OpenAI-compatible API: streamed chat completions.

Law: pure. A call is tried again only before its first word, and only for failures that may pass; later a second try
would say everything twice. What a provider answers stays here: outside there is one sentence, in the log the status.
"""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, field
from typing import Final

from agents.prompt import chat_messages, exchanges
from agents.providers import Ask, Ending, Piece, ToolCalls
from agents.providers.completion_stream import CompletionStream
from agents.providers.http import Answer, Broken, HttpPost
from agents.tools import Round, ToolSpec
from shared.deadline import Deadline
from shared.errors import InvalidBody, Misconfigured, ParleyError, TooManyRequests, Unavailable

RETRIES: Final = 2
BACKOFF_S: Final = 0.5
RETRY_AFTER_LIMIT_S: Final = 10.0
_STREAMED: Final[Mapping[str, object]] = {"stream": True, "stream_options": {"include_usage": True}}
_OK: Final = 200
_NO_ACCESS: Final = frozenset({401, 402, 403})
_UNKNOWN: Final = 404
_BUSY: Final = 429
_MAY_PASS: Final = frozenset({408, 409, *range(500, 600)})


@dataclass(frozen=True)
class Endpoint:
    """Where one provider is. `key` None: it wants none."""

    name: str
    base_url: str
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Patience:
    """How long a provider may take: to its first text, from one text to the next, and, once it has finished, to say
    what it has used.
    """

    first_text_s: float = 30.0
    silence_s: float = 30.0
    usage_s: float = 5.0


class _MayPass(Exception):
    """A failure before the first text that another try may not meet; `wait_s` is what the provider asks for."""

    def __init__(self, failure: ParleyError, wait_s: float | None = None) -> None:
        super().__init__(failure.reason)
        self.failure = failure
        self._wait_s = wait_s

    def wait_s(self, tries: int) -> float:
        return BACKOFF_S * 2 ** (tries - 1) if self._wait_s is None else self._wait_s


@dataclass(frozen=True)
class _Reading:
    """An answer that has begun."""

    body: AsyncGenerator[bytes]
    deadline: Deadline
    completion: CompletionStream = field(default_factory=CompletionStream)

    async def next_text(self) -> str | None:
        """Empty while the call of a tool comes in; None when nothing more comes."""
        while not self.completion.finished:
            chunk = await anext(self.body, None)
            if chunk is None:
                return self.completion.close() or None
            text = self.completion.feed(chunk)
            if text or self.completion.is_calling:
                return text
        return None

    async def rest(self) -> None:
        async for chunk in self.body:
            self.completion.feed(chunk)
            if self.completion.done:
                return


class OpenAiCompatible:
    """One provider. `sleep` waits between tries."""

    def __init__(
        self,
        endpoint: Endpoint,
        http: HttpPost,
        sleep: Callable[[float], Awaitable[None]],
        patience: Patience | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._http = http
        self._sleep = sleep
        self._patience = patience or Patience()

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece]:
        gap = _gap(ask.rounds)
        async with aclosing(self.complete(_completion(ask))) as pieces:
            async for piece in pieces:
                if isinstance(piece, str):
                    yield gap + piece
                    gap = ""
                else:
                    yield piece

    async def complete(self, completion: Mapping[str, object]) -> AsyncGenerator[Piece]:
        """The pieces of one chat completion: `completion` is the body of OpenAI's API, less how it is to be streamed.

        Raises ParleyError when there is no answer.
        """
        body = json.dumps({**completion, **_STREAMED}).encode()
        for tries in range(1, RETRIES + 2):
            # Leaving it closes the connection, also when whoever reads this stream goes away in the middle.
            async with AsyncExitStack() as connection:
                try:
                    reading, text = await self._begin(connection, body)
                except _MayPass as exc:
                    wait_s = exc.wait_s(tries)
                    if tries > RETRIES or wait_s > RETRY_AFTER_LIMIT_S:
                        raise exc.failure from exc
                else:
                    while text is not None:
                        if text:
                            yield text
                        text = await self._continue(reading)
                    ending = await self._end(reading, tries)
                    if reading.completion.calls:
                        yield ToolCalls(reading.completion.calls)
                    yield ending
                    return
            await self._sleep(wait_s)

    async def _begin(self, connection: AsyncExitStack, body: bytes) -> tuple[_Reading, str | None]:
        """The answer up to its first text, as `next_text` gives it."""
        url = f"{self._endpoint.base_url}/chat/completions"
        deadline = Deadline()
        connection.callback(deadline.close)
        try:
            with deadline.within(self._patience.first_text_s):
                answer = await connection.enter_async_context(self._http.post(url, self._headers(), body))
                if answer.status != _OK:
                    raise self._refusal(answer)
                reading = _Reading(answer.body, deadline)
                text = await reading.next_text()
                if text is None and not reading.completion.finished:
                    raise Broken("nothing came")
        except TimeoutError as exc:
            raise self._failure("The model provider took too long to answer", "no text in time") from exc
        except Broken as exc:
            raise _MayPass(self._failure("The model provider cannot be reached", f"broken: {exc}")) from exc
        return reading, text

    async def _continue(self, reading: _Reading) -> str | None:
        try:
            with reading.deadline.within(self._patience.silence_s):
                return await reading.next_text()
        except TimeoutError as exc:
            raise self._failure("The model provider went silent", "silence") from exc
        except Broken as exc:
            raise self._failure("The model provider stopped in the middle", f"broken: {exc}") from exc

    async def _end(self, reading: _Reading, tries: int) -> Ending:
        completion = reading.completion
        if not completion.finished:
            raise self._failure("The model provider stopped in the middle", "ended without a finish reason")
        if not completion.done:
            # The answer is complete; what goes wrong now costs only the count of its tokens.
            with suppress(TimeoutError, Broken, Unavailable), reading.deadline.within(self._patience.usage_s):
                await reading.rest()
        return Ending(completion.usage(requests=tries), completion.finish_reason or "stop")

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        return headers | ({"Authorization": f"Bearer {self._endpoint.key}"} if self._endpoint.key else {})

    def _failure(self, detail: str, reason: str) -> Unavailable:
        return Unavailable(detail, reason=f"provider {self._endpoint.name}: {reason}")

    def _refusal(self, answer: Answer) -> Exception:
        reason = f"provider {self._endpoint.name}: status {answer.status}"
        wait_s = _seconds(answer.headers.get("retry-after"))
        if answer.status == _BUSY:
            retry_after_ms = None if wait_s is None else int(wait_s * 1000)
            busy = TooManyRequests("The model provider is busy", reason=reason, retry_after_ms=retry_after_ms)
            return _MayPass(busy, wait_s)
        if answer.status in _MAY_PASS:
            return _MayPass(Unavailable("The model provider does not answer now", reason=reason), wait_s)
        if answer.status in _NO_ACCESS:
            return Misconfigured(reason=reason)
        known = "does not know this model" if answer.status == _UNKNOWN else "refused the request"
        return InvalidBody(f"The model provider {known}", reason=reason)


def _completion(ask: Ask) -> dict[str, object]:
    completion: dict[str, object] = {
        "model": ask.request.context.agent.model,
        "messages": [*chat_messages(ask.request), *exchanges(ask.rounds)],
    }
    if ask.tools:
        completion["tools"] = [described(spec) for spec in ask.tools]
    if ask.token_limit is not None:
        completion["max_tokens"] = ask.token_limit
    return completion


def described(spec: ToolSpec) -> dict[str, object]:
    """A tool as chat completions take it."""
    function = {"name": spec.name, "description": spec.description, "parameters": spec.parameters}
    return {"type": "function", "function": function}


def _gap(rounds: Sequence[Round]) -> str:
    """What a model says before a tool and after it are two paragraphs."""
    said = "".join(entry.text for entry in rounds)
    return "\n\n" if said and not said[-1].isspace() else ""


def _seconds(retry_after: str | None) -> float | None:
    """RFC 9110, section 10.2.3; its other form, a date, is taken as no wish at all."""
    text = (retry_after or "").strip()
    return float(text) if text.isascii() and text.isdigit() else None
