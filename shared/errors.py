"""Every way in which a request, a frame or a call may fail, in one place.

Law: a failure that anybody outside may see is one of these classes, and what they see of it is its row here and a
`detail` written for them. An exception's own text never leaves the Worker.

    ParleyError
    ├── BadRequest            the request cannot be read at all
    │   ├── AmbiguousCredential
    │   └── InvalidFrame      a socket frame that is not a command
    ├── InvalidBody           readable, but not what this call takes
    ├── InvalidCredential     every authentication failure, whatever its reason
    ├── SessionExpired        a socket outlived its session
    ├── Forbidden             known, but not allowed
    │   └── Removed           no longer a member
    ├── NotFound              absent, or not yours to know of: the two look alike
    ├── MethodNotAllowed
    ├── Conflict
    │   ├── GroupArchiving
    │   ├── GroupArchived
    │   └── IdempotencyConflict  this Idempotency-Key stands for another request
    │       └── IdempotencyPending  the request it stands for is still being answered
    ├── PreconditionFailed    it is no longer as the caller last saw it
    ├── TooLarge
    ├── TooManyRequests
    ├── RangeNotSatisfiable   a part of a download that begins behind its end
    ├── UnsupportedMediaType
    ├── UpgradeRequired
    ├── Unavailable           something we depend on is not there now: try again
    │   ├── Misconfigured     this deployment lacks a setting or a binding, or has a bad one
    │   └── PartFailed        the deep check: a part of this deployment does not answer as it should
    └── InternalError         our fault
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class ParleyError(Exception):
    """Base of all failures that may be shown. `detail` is one sentence for the person who caused it."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    close_code: ClassVar[int | None] = None
    temporary: ClassVar[bool] = False
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(self, detail: str = "", *, retry_after_ms: int | None = None, reason: str = "") -> None:
        """`reason` is for the log alone; `retry_after_ms` tells a client when trying again makes sense."""
        super().__init__(reason or detail or self.title)
        self.detail = detail or self.title
        self.retry_after_ms = retry_after_ms
        self.reason = reason or detail or self.title

    def members(self) -> Mapping[str, object]:
        """What its problem document says beyond what all of them say (RFC 9457, section 3.2)."""
        return {}


class BadRequest(ParleyError):
    code, status, title = "bad_request", 400, "The request could not be read"


class AmbiguousCredential(BadRequest):
    code, title = "ambiguous_credential", "Give one credential, not two"


class InvalidFrame(BadRequest):
    code, title = "invalid_frame", "The frame is not a command"


class InvalidBody(ParleyError):
    code, status, title = "invalid_body", 422, "The request is not what this call takes"


class InvalidCredential(ParleyError):
    code, status, close_code, title = "invalid_credential", 401, 4500, "The credential was not accepted"


class SessionExpired(ParleyError):
    code, status, close_code, temporary = "session_expired", 401, 4001, True
    title = "The session is over; come back with a fresh routing token"


class Forbidden(ParleyError):
    code, status, title = "forbidden", 403, "You may not do this here"


class Removed(Forbidden):
    code, close_code, title = "removed", 4503, "You are no longer a member of this group"


class NotFound(ParleyError):
    code, status, title = "not_found", 404, "There is no such thing, or none that you may see"


class MethodNotAllowed(ParleyError):
    code, status, title = "method_not_allowed", 405, "This path does not take that method"

    allowed: tuple[str, ...] = ()
    """The methods that the path does take, for the Allow header (RFC 9110 §15.5.6)."""

    @classmethod
    def but(cls, *allowed: str) -> "MethodNotAllowed":
        failure = cls()
        failure.allowed = allowed
        return failure


class Conflict(ParleyError):
    code, status, title = "conflict", 409, "This contradicts what is already there"


class GroupArchiving(Conflict):
    code, title = "group_archiving", "The group is being archived; nothing more can be said in it"


class GroupArchived(Conflict):
    code, close_code, title = "group_archived", 4504, "The group is archived; read its archive instead"


class IdempotencyConflict(Conflict):
    code, title = "idempotency_conflict", "This Idempotency-Key was used for another request"


class IdempotencyPending(IdempotencyConflict):
    code, temporary = "idempotency_pending", True
    title = "The first request with this Idempotency-Key is not answered yet"


class PreconditionFailed(ParleyError):
    code, status, title = "precondition_failed", 412, "It has changed since you read it; read it again"


class TooLarge(ParleyError):
    code, status, close_code, title = "too_large", 413, 1009, "The request is larger than this call takes"


class TooManyRequests(ParleyError):
    code, status, close_code, temporary, title = "too_many_requests", 429, 4013, True, "Too many requests; slow down"


class RangeNotSatisfiable(ParleyError):
    code, status, title = "range_not_satisfiable", 416, "The range begins behind the end of what is there"


class UnsupportedMediaType(ParleyError):
    code, status, title = "unsupported_media_type", 415, "This call takes application/json"


class UpgradeRequired(ParleyError):
    code, status, title = "upgrade_required", 426, "This path speaks WebSocket only"


class Unavailable(ParleyError):
    code, status, close_code, temporary = "unavailable", 503, 4012, True
    title = "A part that this needs is not available now; try again shortly"


class Misconfigured(Unavailable):
    code, title = "misconfigured", "This deployment is not set up completely; its operator finds the reason in the log"


class PartFailed(Unavailable):
    code, title = "part_failed", "A part of this deployment does not answer as it should"

    parts: Sequence[object] = ()
    """Every part that was asked, those that answered as well."""

    @classmethod
    def among(cls, parts: Sequence[object], failed: Sequence[str]) -> "PartFailed":
        failure = cls(f"Not as they should be: {', '.join(failed)}")
        failure.parts = parts
        return failure

    def members(self) -> Mapping[str, object]:
        return {"parts": self.parts}


class InternalError(ParleyError):
    code, status, temporary = "internal_error", 500, True


def _family(parent: type[ParleyError]) -> dict[str, type[ParleyError]]:
    found = {parent.code: parent}
    for child in parent.__subclasses__():
        found |= _family(child)
    return found


_BY_CODE = _family(ParleyError) | {InternalError.code: InternalError}


def all_errors() -> list[type[ParleyError]]:
    """One class for each code."""
    return list(_BY_CODE.values())


def error_of(code: str, detail: str, retry_after_ms: int | None = None) -> ParleyError:
    """The failure that another part of this system reported by its code."""
    return _BY_CODE.get(code, InternalError)(detail, retry_after_ms=retry_after_ms)
