"""What a webhook is sent, read by the library that Standard Webhooks publishes."""

import json
import os
import time

import pytest
from pydantic import TypeAdapter, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.protocol import EVENT_TYPES
from shared.webhooks import SUBSCRIBABLE, EventName, message_id, new_secret, payload, signed_headers

EVENT = (
    '{"data":{"text":"Grüß \\u2028 👋"},"epoch":"epo_1","seq":7,'
    '"ts":"2026-01-01T00:00:00.000Z","type":"message.created"}'
)
BODY = payload("org_1", "grp_1", EVENT)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_others_accept_our_signature_and_read_what_is_stored() -> None:
    secret = new_secret(os.urandom)
    read = Webhook(secret).verify(BODY, signed_headers(secret, "grp_1-epo_1-7", BODY.encode(), now_ms))
    assert read["event"] == json.loads(EVENT)
    assert {name: value for name, value in read.items() if name != "event"} == {
        "type": "message.created",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "org_id": "org_1",
        "group_id": "grp_1",
    }
    assert EVENT in BODY


def test_a_receiver_sees_what_it_gets_and_from_whom() -> None:
    headers = signed_headers(new_secret(os.urandom), "id", BODY.encode(), now_ms)
    assert (headers["content-type"], headers["user-agent"]) == ("application/json", "Parley-Webhooks/1")


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "body", "secret"])
def test_a_signature_holds_for_nothing_else(part: str) -> None:
    secret = new_secret(os.urandom)
    headers, body = signed_headers(secret, "id", BODY.encode(), now_ms), BODY
    if part == "body":
        body = BODY.replace("7", "8")
    elif part == "secret":
        secret = new_secret(os.urandom)
    else:
        headers[part] = str(int(time.time()) - 1) if part == "webhook-timestamp" else "other"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


def test_an_event_has_one_id_and_no_two_have_the_same() -> None:
    ids = {message_id(group, epoch, seq) for group in ("g1", "g2") for epoch in ("e1", "e2") for seq in (1, 2)}
    assert len(ids) == 8
    assert message_id("g1", "e1", 1) in ids


def test_every_event_of_the_log_can_be_asked_for_and_no_other() -> None:
    names = TypeAdapter(EventName)
    assert {names.validate_python(name) for name in SUBSCRIBABLE} == set(EVENT_TYPES.values())
    with pytest.raises(ValidationError):
        names.validate_python("message.whispered")
