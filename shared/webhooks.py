"""Webhooks: what an org's own servers are told, how it is signed, and what may be asked of the outbox that tells it.

Law: pure; the format and the signature are those of Standard Webhooks (https://www.standardwebhooks.com). RPC loses an
exception's class, so the outbox answers `{"ok": …}` or `{"error": …}`, as a Group Controller does.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from shared.clock import Clock, seconds
from shared.protocol import EVENT_TYPES

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 -- how one begins
SECRET_BYTES: Final = 32
SUBSCRIBABLE: Final = tuple(sorted(EVENT_TYPES.values()))


def _of_the_log(name: str) -> str:
    if name not in SUBSCRIBABLE:
        raise ValueError("there is no such event")
    return name


EventName = Annotated[str, AfterValidator(_of_the_log), Field(json_schema_extra={"enum": list(SUBSCRIBABLE)})]
DeliveryState = Literal["waiting", "delivered", "failed"]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Accept(_Told):
    """Events of one group as they are stored. Hearing one again changes nothing."""

    call: Literal["accept"] = "accept"
    org_id: str
    group_id: str
    events: tuple[str, ...]


class ReadDeliveries(_Told):
    call: Literal["read"] = "read"
    webhook_id: str
    state: DeliveryState | None
    after: str
    limit: int


class Replay(_Told):
    """Try this delivery again now, and as often as if it were new."""

    call: Literal["replay"] = "replay"
    webhook_id: str
    delivery_id: str


class Forget(_Told):
    """The webhook is gone: so is all that was to be delivered to it."""

    call: Literal["forget"] = "forget"
    webhook_id: str


class Erase(_Told):
    """This person's words and name are not to be delivered any more, nor those that a group still hands over."""

    call: Literal["erase"] = "erase"
    user_id: str


class Withhold(_Told):
    """This webhook is not told any more what is said in private groups: not what waits for it, either."""

    call: Literal["withhold"] = "withhold"
    webhook_id: str


LetGo = Forget | Erase | Withhold
"""What an outbox is not to keep any longer. Hearing one again changes nothing."""
OutboxCall = Annotated[Accept | ReadDeliveries | Replay | LetGo, Field(discriminator="call")]
OUTBOX_CALL: Final[TypeAdapter[OutboxCall]] = TypeAdapter(OutboxCall)


class Delivery(_Told):
    """One event on its way to one webhook. `status` is the HTTP status of the last answer, `error` why
    there was none: `timeout`, `unreachable`, `overflow`, `disabled`, `gone`.
    """

    id: str
    message_id: str
    type: str
    group_id: str
    seq: int
    state: DeliveryState
    attempts: int
    status: int | None
    error: str | None
    created_at: str
    next_attempt_at: str | None


class Deliveries(_Told):
    deliveries: tuple[Delivery, ...]


def message_id(group_id: str, epoch: str, seq: int) -> str:
    """The same for every try and every webhook: receivers know by it what they have had."""
    return f"{group_id}-{epoch}-{seq}"


def payload(org_id: str, group_id: str, event: str, *, withheld: bool = False) -> str:
    """The body of a delivery around an event's text, which stands in it unchanged; `withheld` when that is not all."""
    known = json.loads(event)
    head = {"type": known["type"], "timestamp": known["ts"], "org_id": org_id, "group_id": group_id}
    head |= {"withheld": True} if withheld else {}
    return f'{json.dumps(head, separators=(",", ":"))[:-1]},"event":{event}}}'


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    return SECRET_PREFIX + base64.b64encode(random_bytes(SECRET_BYTES)).decode()


def signed_headers(secret: str, message: str, body: bytes, clock: Clock) -> dict[str, str]:
    """The headers of one try. What is signed is id, time and body, with dots between them."""
    timestamp = str(seconds(clock()))
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "content-type": "application/json",
        "user-agent": "Parley-Webhooks/1",
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
