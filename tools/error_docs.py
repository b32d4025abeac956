"""docs/errors.md: every code that anybody may see, and what to do about it.

Law: codes, statuses and titles are those of shared/errors.py; here is only the advice. A code without one is an error.
"""

from typing import Final

from shared.errors import ParleyError, all_errors

ADVICE: Final[dict[str, str]] = {
    "ambiguous_credential": "Send a bearer token or an app's signature, never both on one request.",
    "bad_request": "The request is no JSON, or not readable as HTTP. Send `Content-Type: application/json` and "
    "valid JSON.",
    "conflict": "Look again at what is there; `detail` says what stands in the way.",
    "forbidden": "You are known, but this takes another role. Ask an owner or admin.",
    "group_archived": "Nothing more can be said there. Read the archive (`GET /groups/{group_id}/archive`), or "
    "have the group restored.",
    "group_archiving": "Wait: the archive is being written and verified. Soon it is `group_archived`.",
    "idempotency_conflict": "Use a new key for a new request; the same key is for the same request, sent again.",
    "idempotency_pending": "Send it again after `Retry-After`: the answer to the first one is on its way.",
    "internal_error": "Our fault. Try again; if it stays, tell the operator the `request_id`, which leads to the log.",
    "invalid_body": "`detail` names the first member that is wrong. Unknown members are refused too.",
    "invalid_credential": "The token is unknown, ended, revoked, or made for something else; outside, all of "
    "these look the same. Get a fresh one. An operator finds the reason in the log.",
    "invalid_frame": "The frame is no command of the protocol (docs/api/asyncapi.json). The socket stays open.",
    "method_not_allowed": "The header `Allow` names the methods of this path.",
    "misconfigured": "For the operator: the Worker's log names the setting or binding that is missing "
    "(docs/settings.md).",
    "not_found": "It is absent, or you may not see it: the two look alike on purpose. Check id, org and membership.",
    "part_failed": "For the operator: `parts` says which; why is in the log, also as `part_failed`.",
    "precondition_failed": "Read it again, look at what changed, and send your change with the new `ETag`.",
    "range_not_satisfiable": "Ask for a range inside of what is there; `Content-Range` says how long it is.",
    "removed": "You are no longer a member of this group; come back only when somebody adds you again.",
    "session_expired": "Get a fresh routing token and connect again, or send `refresh` with one before the "
    "session ends.",
    "too_large": "Send less: 256 KiB for a request, 64 KiB for a frame.",
    "too_many_requests": "Wait `retry_after_ms` (HTTP: `Retry-After`), then go on more slowly.",
    "unavailable": "Try again in a moment with the same `Idempotency-Key` or `client_msg_id`; nothing happens twice.",
    "unsupported_media_type": "Send `Content-Type: application/json`.",
    "upgrade_required": "This path takes WebSocket upgrades only, see `GET /groups/{group_id}/ws` in the API document.",
}
HEAD: Final = """\
# Errors

Made by `make docs` from `shared/errors.py`. Over HTTP an error is a problem document (RFC 9457) with these codes as
`code`; over a socket it is the reply `{"id": …, "error": {"code", "message"}}`. Codes are stable, texts are not:
programs look at the code. Where a socket is closed for it, the close code says how: below 4500 a client comes back
by itself, from 4500 on it must not.

| code | HTTP | close | try again | what it is | what to do |
|---|---|---|---|---|---|
"""


def text() -> str:
    return HEAD + "".join(_row(error) for error in sorted(all_errors(), key=lambda error: error.code))


def _row(error: type[ParleyError]) -> str:
    close, again = error.close_code or "–", "yes" if error.temporary else "no"
    advice = ADVICE[error.code]
    return f"| `{error.code}` | {error.status} | {close} | {again} | {error.title} | {advice} |\n"
