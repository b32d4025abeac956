"""How the three Workers speak HTTP: endpoints as data, credentials first, errors as problem details.

Law: this is the one place where an exception becomes a response. A handler takes a call and a typed body and returns a
model; the same table serves requests and makes the OpenAPI document. RFC 9457 (problem details).
"""

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared import evidence
from shared.clock import Clock
from shared.cors import NOWHERE_ELSE, Cors
from shared.errors import (
    BadRequest,
    Conflict,
    InternalError,
    InvalidBody,
    InvalidCredential,
    MethodNotAllowed,
    NotFound,
    ParleyError,
    PreconditionFailed,
    TooLarge,
    UnsupportedMediaType,
)
from shared.frames import first_problem
from shared.ids import MakeId
from shared.log import Log, whereabouts
from shared.metrics import UNCOUNTED, Metrics
from shared.preconditions import entity_tag, matches, none_match
from shared.signing import SignedRequest
from shared.strict_json import strict_object
from shared.trace import TRACE_HEADER, enter

BODY_LIMIT_BYTES: Final = 256 * 1024
"""Four times the longest message. What a body is read into, an isolate never gives back (WebAssembly memory)."""
PROBLEM_TYPE: Final = "urn:parley:error:"
P = TypeVar("P")
W = TypeVar("W")


@dataclass(frozen=True)
class Call(Generic[P, W]):
    """One authenticated request: who calls, what this Worker can do, and the path's parameters."""

    caller: P
    ports: W
    path: Mapping[str, str]
    request: Request

    def require_unchanged(self, shown: BaseModel) -> None:
        """`shown` is the thing as it stands. Raises PreconditionFailed when If-Match means another state of it."""
        if_match = self.request.headers.get("if-match")
        if if_match is not None and not matches(if_match, entity_tag(shown)):
            raise PreconditionFailed

    def overtaken(self) -> ParleyError:
        """What to say when somebody else's change came between reading and writing."""
        if "if-match" in self.request.headers:
            return PreconditionFailed()
        return Conflict("Somebody else changed this at the same moment; ask again")


@dataclass(frozen=True)
class Endpoint:
    """One row of an API: everything that serving it and describing it takes."""

    method: str
    path: str
    auth: str
    handler: Callable[..., Awaitable[BaseModel | Response]]
    status: int
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    result: type[BaseModel] | None
    media_type: str
    errors: tuple[type[ParleyError], ...]
    summary: str
    limit_bytes: int


@dataclass(frozen=True)
class Exchange:
    """A request whose caller is known, on its way to its handler. `headers` go onto the answer, whatever it is."""

    endpoint: Endpoint
    caller: Any
    request: Request
    raw: bytes
    headers: dict[str, str]


GoOn = Callable[[], Awaitable[Response]]
Around = Callable[[Exchange, GoOn], Awaitable[Response]]
"""What stands between authentication and every handler. Raises ParleyError instead of going on, or answers itself."""

H = TypeVar("H", bound=Callable[..., Awaitable[BaseModel | Response]])
Authenticate = Callable[[Request, bytes, Any], Awaitable[Any]]
"""Who calls: from the request, its raw body and the Worker's ports. Raises InvalidCredential and others."""


class Endpoints:
    """The table of a Worker's endpoints; handlers enter themselves with `@endpoints.add(...)`."""

    def __init__(self) -> None:
        self.rows: list[Endpoint] = []

    def add(
        self,
        method: str,
        path: str,
        *,
        auth: str,
        status: int = 200,
        media_type: str = "application/json",
        errors: tuple[type[ParleyError], ...] = (),
        limit_bytes: int = BODY_LIMIT_BYTES,
    ) -> Callable[[H], H]:
        """Body and query models are the handler's parameters of those names, the result its return annotation."""

        def enter(handler: H) -> H:
            hints = inspect.get_annotations(handler)
            result = hints.get("return")
            self.rows.append(
                Endpoint(
                    method=method,
                    path=path,
                    auth=auth,
                    handler=handler,
                    status=status,
                    body=hints.get("body"),
                    query=hints.get("query"),
                    result=result if isinstance(result, type) and issubclass(result, BaseModel) else None,
                    media_type=media_type,
                    errors=errors,
                    summary=(inspect.getdoc(handler) or "").split("\n\n")[0].replace("\n", " "),
                    limit_bytes=limit_bytes,
                )
            )
            return handler

        return enter


@dataclass(frozen=True)
class Api(Generic[W]):
    """An API ready to serve: its table, how callers prove themselves, and the Worker's ports."""

    endpoints: Sequence[Endpoint]
    authenticate: Mapping[str, Authenticate]
    ports: W
    log: Log
    make_id: MakeId
    clock: Clock
    cors: Cors = NOWHERE_ELSE
    around: Sequence[Around] = ()
    """The first is the outermost."""
    metrics: Metrics = UNCOUNTED

    def asgi(self) -> Starlette:
        application = Starlette(
            routes=[
                Route(path, self._dispatch({e.method: e for e in self.endpoints if e.path == path}), methods=methods)
                for path, methods in self._methods().items()
            ],
            exception_handlers={HTTPException: self._routing_failed},
        )
        # A slash more is another path. Starlette would redirect, to wherever the Host header says.
        application.router.redirect_slashes = False
        return application

    def _methods(self) -> dict[str, list[str]]:
        methods: dict[str, list[str]] = {}
        for row in self.endpoints:
            methods.setdefault(row.path, ["OPTIONS"] if self.cors.origins else []).append(row.method)
        return methods

    def _dispatch(self, by_method: Mapping[str, Endpoint]) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            request_id, started_ms = self.make_id("req"), self.clock()
            enter(request.headers.get(TRACE_HEADER), request_id)
            evidence.begin()
            endpoint = by_method.get(request.method) or by_method.get("GET")
            failure: ParleyError | None = None
            headers = self.cors.headers(request.headers.get("origin", ""))
            try:
                if request.method == "OPTIONS":
                    response = self._preflight(request, by_method)
                elif endpoint is None:
                    raise MethodNotAllowed.but(*by_method)
                else:
                    response = await self._serve(endpoint, by_method.get("GET"), request, headers)
            except ParleyError as exc:
                failure = exc
                response = problem(exc, request_id)
            except Exception as exc:  # noqa: BLE001 -- the last line: whatever it is, the caller gets a problem and the log the reason
                failure = InternalError(reason=whereabouts(exc))
                response = problem(failure, request_id)
            response.headers.update({**headers, "X-Request-Id": request_id})
            self._log(request, endpoint, request_id, response, failure, self.clock() - started_ms)
            return response

        return serve

    def _log(
        self,
        request: Request,
        endpoint: Endpoint | None,
        request_id: str,
        response: Response,
        failure: ParleyError | None,
        elapsed_ms: int,
    ) -> None:
        if failure is not None:
            self.metrics.add("refusal", failure.code)
        self.log(
            "request",
            request_id=request_id,
            method=request.method,
            route=endpoint.path if endpoint else None,
            link=endpoint.auth if endpoint else None,
            **evidence.noted(),
            bytes=_announced(request),
            status=response.status_code,
            code=failure.code if failure else None,
            reason=failure.reason if failure else None,
            ms=elapsed_ms,
        )

    def _preflight(self, request: Request, methods: Mapping[str, Endpoint]) -> Response:
        headers = self.cors.preflight(request.headers, methods)
        if headers is None:
            raise MethodNotAllowed.but(*methods)
        return Response(status_code=204, headers=headers)

    async def _serve(
        self, endpoint: Endpoint, reader: Endpoint | None, request: Request, headers: dict[str, str]
    ) -> Response:
        raw = await _body_within(request, endpoint.limit_bytes)
        caller = await self.authenticate[endpoint.auth](request, raw, self.ports)
        exchange = Exchange(endpoint, caller, request, raw, headers)

        async def handle() -> Response:
            return await self._handle(exchange, reader)

        go_on: GoOn = handle
        for around in reversed(self.around):
            go_on = _wrapped(around, exchange, go_on)
        return await go_on()

    async def _handle(self, exchange: Exchange, reader: Endpoint | None) -> Response:
        endpoint, request = exchange.endpoint, exchange.request
        arguments: dict[str, BaseModel] = {}
        query = _query(endpoint.query or _NoQuery, request)
        if endpoint.query is not None:
            arguments["query"] = query
        if endpoint.body is not None:
            arguments["body"] = _body(endpoint.body, request, exchange.raw)
        result = await endpoint.handler(Call(exchange.caller, self.ports, request.path_params, request), **arguments)
        if isinstance(result, Response):
            return result
        return _answer(result, endpoint.status, has_tag(endpoint, reader), _if_none_match(request))

    async def _routing_failed(self, request: Request, exc: Exception) -> Response:
        status = exc.status_code if isinstance(exc, HTTPException) else 500
        failure = {404: NotFound, 405: MethodNotAllowed}.get(status, InternalError)()
        request_id = self.make_id("req")
        enter(request.headers.get(TRACE_HEADER), request_id)
        response = problem(failure, request_id)
        response.headers.update({**self.cors.headers(request.headers.get("origin", "")), "X-Request-Id": request_id})
        if isinstance(exc, HTTPException) and exc.headers:
            response.headers.update(exc.headers)
        self._log(request, None, request_id, response, failure, 0)
        return response


def _wrapped(around: Around, exchange: Exchange, go_on: GoOn) -> GoOn:
    async def wrapped() -> Response:
        return await around(exchange, go_on)

    return wrapped


def has_tag(endpoint: Endpoint, reader: Endpoint | None) -> bool:
    """Whether its answer is the thing as it stands: what reading gives, and what a change of it gives as well."""
    return endpoint.method in ("GET", "PATCH") and reader is not None and reader.result is endpoint.result is not None


def _answer(result: BaseModel, status: int, tagged: bool, if_none_match: str | None) -> Response:
    headers = {"Cache-Control": "no-store"}
    if tagged:
        tag = entity_tag(result)
        # Kept by whoever asked alone, and only to ask whether it is still so.
        headers = {"Cache-Control": "private, no-cache", "ETag": tag}
        if if_none_match is not None and none_match(if_none_match, tag):
            return Response(status_code=304, headers=headers)
    return Response(result.model_dump_json(), status_code=status, media_type="application/json", headers=headers)


def _if_none_match(request: Request) -> str | None:
    return request.headers.get("if-none-match") if request.method in ("GET", "HEAD") else None


def problem(error: ParleyError, request_id: str) -> Response:
    """An error as problem details (RFC 9457)."""
    body: dict[str, object] = {
        "type": f"{PROBLEM_TYPE}{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
    }
    headers = {"Cache-Control": "no-store", "X-Request-Id": request_id}
    if error.retry_after_ms is not None or error.temporary:
        retry_after_ms = error.retry_after_ms or 1000
        body["retry_after_ms"] = retry_after_ms
        headers["Retry-After"] = str(-(-retry_after_ms // 1000))
    body |= error.members()
    if isinstance(error, MethodNotAllowed) and error.allowed:
        headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, InvalidCredential):
        headers["WWW-Authenticate"] = "Bearer"
    return Response(json.dumps(body), error.status, headers, "application/problem+json")


async def anyone(request: Request, raw: bytes, ports: object) -> None:
    """The authentication of endpoints that are open to all."""
    del request, raw, ports


async def _body_within(request: Request, limit_bytes: int) -> bytes:
    """The raw body. Raises TooLarge as soon as that is known."""
    too_large = TooLarge(f"A body here is at most {limit_bytes} bytes")
    if (_announced(request) or 0) > limit_bytes:
        raise too_large
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > limit_bytes:
            raise too_large
    return bytes(raw)


def _announced(request: Request) -> int | None:
    """How long the body says it is."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdigit() else None


def signed_request(request: Request, raw: bytes) -> SignedRequest:
    """What a signature commits to, taken from the request as it arrived: the raw target and the raw body."""
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("latin-1")
    target = f"{path}?{query}" if query else path
    return SignedRequest(method=request.method, target=target, headers=request.headers, body=raw)


class _NoQuery(BaseModel):
    """What an endpoint takes that says nothing of a query."""

    model_config = ConfigDict(extra="forbid")


def _query(model: type[BaseModel], request: Request) -> BaseModel:
    values = dict(request.query_params)
    if len(values) != len(request.query_params.multi_items()):
        raise InvalidBody("A query parameter is given twice")
    try:
        return model.model_validate(values, strict=False)
    except ValidationError as exc:
        raise InvalidBody(f"query: {first_problem(exc)}") from exc


def _body(model: type[BaseModel], request: Request, raw: bytes) -> BaseModel:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType
    try:
        found = model.model_validate_json(raw)
    except ValidationError as exc:
        if exc.error_count() == 1 and exc.errors(include_input=False)[0]["type"] == "json_invalid":
            raise BadRequest("The body is not JSON") from exc
        raise InvalidBody(first_problem(exc)) from exc
    try:
        strict_object(raw)  # not before: what is nested without end takes the whole runtime down with it
    except ValueError as exc:
        raise BadRequest("A member of the body is given twice") from exc
    return found
