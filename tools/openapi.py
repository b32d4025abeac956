"""OpenAPI 3.1 documents, made from the endpoint tables that the Workers serve.

Law: what a row of the table says is not said again. What it cannot say, since a handler answers raw bytes, is handed in
as an `Answer`.
"""

import importlib
import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from pydantic import TypeAdapter

from shared.errors import (
    AmbiguousCredential,
    BadRequest,
    Conflict,
    GroupArchived,
    GroupArchiving,
    IdempotencyConflict,
    IdempotencyPending,
    InternalError,
    InvalidBody,
    InvalidCredential,
    Misconfigured,
    ParleyError,
    PreconditionFailed,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
)
from shared.http import Endpoint, has_tag
from shared.protocol import EVENT_TYPES
from tools.problems import HEADERS, LIMIT_HEADERS, example, failure, header, name_of, problem_details
from tools.schemas import (
    Schema,
    Wanted,
    components,
    event_components,
    gives,
    history_page,
    ref,
    takes,
    without_null,
    written,
    written_with_null,
)

EXAMPLE_IDS: Final = {
    "group_id": "grp_01JD8Z6V5N4R3M2K1H0G9F8E7D",
    "user_id": "usr_01JD8Z6V5N4R3M2K1H0G9F8E7D",
    "agent_id": "agt_01JD8Z6V5N4R3M2K1H0G9F8E7D",
    "token_id": "tok_01JD8Z6V5N4R3M2K1H0G9F8E7D",
    "run_id": "run_01JD8Z6V5N4R3M2K1H0G9F8E7D",
    "org_id": "org_01JD8Z6V5N4R3M2K1H0G9F8E7D",
    "webhook_id": "whk_01JD8Z6V5N4R3M2K1H0G9F8E7D",
    "delivery_id": "dlv_01JD8Z6V5N4R3M2K1H0G9F8E7D",
}
# What a listed error may turn out to be, more exactly.
NARROWER: Final[dict[type[ParleyError], tuple[type[ParleyError], ...]]] = {
    Conflict: (GroupArchiving, GroupArchived),
    Unavailable: (Misconfigured,),
}


LEAVES_OUT_NULL: Final = {"Manifest", "PartChecked", "TurnSettings", *(model.__name__ for model in EVENT_TYPES)}


@dataclass(frozen=True)
class Answer:
    """What a handler answers that returns a raw response: its schema, and what its model does not say."""

    schema: Schema
    media_type: str | None = None
    models: Mapping[str, Wanted] = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """One Worker's API. `security` is what an endpoint's `auth` takes: alternatives of schemes that go together.

    `limited` are the kinds of callers who are counted; `keyed`: whether an Idempotency-Key is heeded.
    """

    title: str
    description: str
    version: str
    origin: str
    endpoints: Sequence[Endpoint]
    security: Mapping[str, Sequence[Sequence[str]]]
    schemes: Mapping[str, Schema]
    limited: frozenset[str] = frozenset()
    keyed: bool = False
    answers: Mapping[str, Answer] = field(default_factory=dict)
    examples: Mapping[str, Any] = field(default_factory=dict)


def document(service: Service) -> dict[str, Any]:
    read, given = _models(service)
    paths: dict[str, dict[str, Any]] = {}
    for row in service.endpoints:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(service, row)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": service.title,
            "version": service.version,
            "description": service.description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": service.origin}],
        "tags": _tags(service.endpoints),
        "paths": paths,
        "components": {
            "schemas": {**read, **given, "ProblemDetails": problem_details()},
            "securitySchemes": dict(service.schemes),
            "responses": {
                name_of(e): failure(e, limited=bool(service.limited))
                for row in service.endpoints
                for e in _by_status(service, row)
            },
            "examples": {error.code: {"value": example(error)} for error in _errors_of(service)},
            "headers": {
                name: header for name, header in HEADERS.items() if service.limited or name not in LIMIT_HEADERS
            },
        },
    }


def _models(service: Service) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Components of what is read and of what is written; the latter always has all its members.

    Raises ValueError when two models have one name: a document has room for one.
    """
    _check_names(service)
    read = components(takes(*dict.fromkeys(row.body for row in service.endpoints if row.body is not None)))
    extra = {name: model for answer in service.answers.values() for name, model in answer.models.items()}
    results = dict.fromkeys(row.result for row in service.endpoints if row.result is not None)
    defs = components({**gives(*results), **extra})
    given = {
        name: (written if name in LEAVES_OUT_NULL else written_with_null)(schema)
        for name, schema in defs.items()
        if name not in read
    }
    if "Event" not in defs:
        return read, given
    return read, {**given, "HistoryOk": history_page(given["HistoryOk"]), **event_components(defs)}


def _check_names(service: Service) -> None:
    asked = [model for row in service.endpoints for model in (row.body, row.query, row.result) if model is not None]
    extra = [
        kind for answer in service.answers.values() for kind, _ in answer.models.values() if isinstance(kind, type)
    ]
    by_name: dict[str, type] = {}
    for model in (*asked, *extra):
        if by_name.setdefault(model.__name__, model) is not model:
            raise ValueError(f"two models are called {model.__name__}: {by_name[model.__name__]} and {model}")


# ── operations ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _operation(service: Service, row: Endpoint) -> Schema:
    name = row.handler.__name__
    operation: Schema = {
        "operationId": name,
        "tags": [tag_of(row)],
        "summary": row.summary,
        "security": [{scheme: [] for scheme in together} for together in service.security[row.auth]],
        "parameters": [
            *_path_parameters(row),
            *_query_parameters(row),
            *_signed_parameters(service, row),
            *_conditions(service, row),
        ],
        "responses": {str(row.status): _success(service, row), **_unchanged(service, row), **_failures(service, row)},
    }
    if row.body is not None:
        content: Schema = {"schema": ref(row.body.__name__)}
        if name in service.examples:
            content["example"] = service.examples[name]
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return {key: value for key, value in operation.items() if value != [] or key == "security"}


def tag_of(row: Endpoint) -> str:
    """The noun: the handler's file, or the first part of the path where one file has all."""
    return _noun(row) or row.path.split("/")[1].removeprefix(".")


def _noun(row: Endpoint) -> str | None:
    name: str = row.handler.__module__.rsplit(".", 1)[-1]
    return None if name in ("api", "api_docs") else name


def _tags(rows: Iterable[Endpoint]) -> list[Schema]:
    tags: dict[str, Schema] = {}
    for row in rows:
        tag = tags.setdefault(tag_of(row), {"name": tag_of(row)})
        if _noun(row):
            module = importlib.import_module(row.handler.__module__)
            tag["description"] = (inspect.getdoc(module) or "").split("\n")[0]
    return [tags[name] for name in sorted(tags)]


def _path_parameters(row: Endpoint) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "examples": [EXAMPLE_IDS[name]]}}
        for name in re.findall(r"\{(\w+)\}", row.path)
    ]


def _query_parameters(row: Endpoint) -> list[Schema]:
    if row.query is None:
        return []
    schema = TypeAdapter(row.query).json_schema()
    required = schema.get("required", ())
    members = {name: without_null(member) for name, member in schema["properties"].items()}
    return [
        {"name": name, "in": "query", "required": name in required, "schema": member}
        for name, member in members.items()
    ]


def _signed_parameters(service: Service, row: Endpoint) -> list[Schema]:
    if not any("requestSignature" in together for together in service.security[row.auth]):
        return []
    always = all("requestSignature" in together for together in service.security[row.auth])
    about = "Of the raw body, an empty one included (RFC 9530); the signature commits to it."
    schema = {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"}
    return [{"name": "Content-Digest", "in": "header", "required": always, "description": about, "schema": schema}]


def _conditions(service: Service, row: Endpoint) -> list[Schema]:
    """What a caller may bind a request to: a state that was read, or a key that makes it happen once."""
    found = []
    if _tagged(service, row):
        name, about = CONDITIONS[row.method]
        found.append({"name": name, "in": "header", "description": about, "schema": {"type": "string"}})
    if _keyed(service, row):
        key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"}
        about = "The same key with the same request creates once and gets the same answer, for a day."
        found.append({"name": "Idempotency-Key", "in": "header", "description": about, "schema": key})
    return found


CONDITIONS: Final = {
    "GET": ("If-None-Match", "An ETag: 304 when it is still so."),
    "PATCH": ("If-Match", "An ETag: the change is made only while it is still so."),
}


def _tagged(service: Service, row: Endpoint) -> bool:
    reader = next((one for one in service.endpoints if (one.method, one.path) == ("GET", row.path)), None)
    return row.handler.__name__ not in service.answers and has_tag(row, reader)


def _keyed(service: Service, row: Endpoint) -> bool:
    return service.keyed and (row.method, row.status) == ("POST", HTTPStatus.CREATED)


# ── responses ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _success(service: Service, row: Endpoint) -> Schema:
    about = HTTPStatus(row.status).phrase
    headers = {"X-Request-Id": header("RequestId"), **({"ETag": header("ETag")} if _tagged(service, row) else {})}
    if row.auth in service.limited:
        headers |= {name: header(component) for component, name in LIMIT_HEADERS.items()}
    if row.status == HTTPStatus.SWITCHING_PROTOCOLS:
        return {"description": f"{about}: the socket is open; see asyncapi.json for what it speaks."}
    answer = service.answers.get(row.handler.__name__)
    if answer is not None:
        media_type = answer.media_type or row.media_type
        return {"description": about, "headers": headers, "content": {media_type: {"schema": answer.schema}}}
    if row.result is None:
        raise ValueError(f"{row.method} {row.path} answers a raw response; say in tools/api_docs.py what is in it")
    return {"description": about, "headers": headers, "content": {row.media_type: {"schema": ref(row.result.__name__)}}}


def _unchanged(service: Service, row: Endpoint) -> dict[str, Schema]:
    if row.method != "GET" or not _tagged(service, row):
        return {}
    headers = {"X-Request-Id": header("RequestId"), "ETag": header("ETag")}
    return {"304": {"description": "It is as you have it.", "headers": headers}}


def errors_of(service: Service, row: Endpoint) -> list[type[ParleyError]]:
    """What a row lists, and what every endpoint of its kind may answer."""
    found = [*row.errors, InternalError, Misconfigured]
    if row.status != HTTPStatus.SWITCHING_PROTOCOLS:
        found.append(InvalidBody)
    if row.auth in service.limited:
        found.append(TooManyRequests)
    if _keyed(service, row):
        found += [IdempotencyConflict, IdempotencyPending, InvalidBody]
    if row.method == "PATCH" and _tagged(service, row):
        found += [PreconditionFailed, Conflict]
    if row.auth != "anyone":
        found += [InvalidCredential, Unavailable]
    if row.auth == "app_or_bearer":
        found.append(AmbiguousCredential)
    if row.body is not None:
        found += [BadRequest, TooLarge, UnsupportedMediaType, InvalidBody]
    found += [narrower for error in found for narrower in NARROWER.get(error, ())]
    return sorted(set(found), key=lambda error: (error.status, error.code))


def _errors_of(service: Service) -> list[type[ParleyError]]:
    found = {error for row in service.endpoints for error in errors_of(service, row)}
    return sorted(found, key=lambda error: error.code)


def _failures(service: Service, row: Endpoint) -> dict[str, Schema]:
    return {
        str(errors[0].status): {"$ref": f"#/components/responses/{name_of(errors)}"}
        for errors in _by_status(service, row)
    }


def _by_status(service: Service, row: Endpoint) -> list[list[type[ParleyError]]]:
    by_status: dict[int, list[type[ParleyError]]] = {}
    for error in errors_of(service, row):
        by_status.setdefault(error.status, []).append(error)
    return list(by_status.values())
