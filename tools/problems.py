"""Failures in an OpenAPI document: what they look like and which headers come with them.

Law: from `shared.errors` alone; who may answer which of them is `openapi`'s to say.
"""

from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, TypeAdapter

from shared.errors import InvalidCredential, ParleyError, PartFailed, TooManyRequests
from shared.http import PROBLEM_TYPE
from tools.schemas import Schema, ref, written

PROBLEM: Final = "application/problem+json"
HEADERS: Final[dict[str, Schema]] = {
    "RequestId": {"description": "Finds this request in the log.", "required": True, "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds after which to try again.", "schema": {"type": "integer", "minimum": 1}},
    "ETag": {
        "description": "Names this state of the thing, for If-Match and If-None-Match.",
        "schema": {"type": "string"},
    },
    "RateLimit": {"description": "`r` requests are left; in `t` seconds all are again.", "schema": {"type": "string"}},
    "RateLimitPolicy": {"description": "`q` requests in `w` seconds.", "schema": {"type": "string"}},
    "WWWAuthenticate": {"description": "How to authenticate.", "schema": {"type": "string"}},
}


LIMIT_HEADERS: Final = {"RateLimit": "RateLimit", "RateLimitPolicy": "RateLimit-Policy"}


def header(name: str) -> Schema:
    return {"$ref": f"#/components/headers/{name}"}


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457). `code` is stable; `detail` is for people; `request_id` finds it in the log."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    retry_after_ms: int | None = None


def name_of(errors: Sequence[type[ParleyError]]) -> str:
    return ".".join(error.code for error in errors)


def failure(errors: Sequence[type[ParleyError]], *, limited: bool) -> Schema:
    headers = {"X-Request-Id": header("RequestId")}
    if any(error.temporary for error in errors):
        headers["Retry-After"] = header("RetryAfter")
    if TooManyRequests in errors and limited:
        headers |= {name: header(component) for component, name in LIMIT_HEADERS.items()}
    if InvalidCredential in errors:
        headers["WWW-Authenticate"] = header("WWWAuthenticate")
    codes: Schema = {"properties": {"code": {"enum": [error.code for error in errors]}}}
    if PartFailed in errors:
        codes["properties"]["parts"] = {"type": "array", "items": ref("PartChecked")}
    content = {
        "schema": {"allOf": [ref("ProblemDetails"), codes]},
        "examples": {error.code: {"$ref": f"#/components/examples/{error.code}"} for error in errors},
    }
    about = " · ".join(f"`{error.code}`: {error.title}" for error in errors)
    return {"description": about, "headers": headers, "content": {PROBLEM: content}}


def problem_details() -> Schema:
    schema = written(TypeAdapter(ProblemDetails).json_schema())
    codes = {"type": "string", "description": "Stable; what a program should look at."}
    return {**schema, "properties": {**schema["properties"], "code": codes}}


def example(error: type[ParleyError]) -> Schema:
    example: Schema = {
        "type": f"{PROBLEM_TYPE}{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.title,
        "code": error.code,
        "request_id": "req_01JD8Z6V5N4R3M2K1H0G9F8E7D",
    }
    if error is PartFailed:
        example["parts"] = [{"name": "archives", "status": "failed", "ms": 5000, "code": "timeout"}]
    return {**example, "retry_after_ms": 1000} if error.temporary else example
