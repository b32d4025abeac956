"""What the log stores and what the chain hashes is canonical JSON (RFC 8785), whatever people write."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from durable_objects.sealing import sealed
from shared.protocol import EVENT_TYPES, Actor, Event
from shared.wire import Wire
from tools.setup.layout import Layout
from tools.setup.node import node_of

HERE = Path(__file__).parent
ODD = (
    "",
    "plain",
    '"quoted" \\ back / slash',
    "".join(map(chr, range(0x21))) + "\x7f\x80\x9f\xa0",
    "\u2028\u2029\ufeff\ufffd\ufffe\uffff",
    "👋🏽 👩‍👩‍👧‍👦 \U00010000\U0010ffff",
    "e\u0301 ≠ é, Å ≠ Å, ﬁ",
    "\u202eright to left\u202c עברית العربية",
    "</script><!-- \x00",
    "\U0001d4b3" * 3000,
)
NUMBERS = (0, 1, 2**53 - 1)


def events() -> Iterator[str]:
    """Every type of event with every odd string in each of its texts, and numbers at their limits."""
    for text in ODD:
        for number in NUMBERS:
            for kind in EVENT_TYPES:
                data = filled(kind, text, number)
                event = Event.model_construct(
                    actor=Actor(id=text, kind="user", name=text),
                    causation=number or None,
                    data=data,
                    epoch="epo_1",
                    run_id=text or None,
                    seq=number + 1,
                    ts="2026-11-23T09:30:00.000Z",
                    type=EVENT_TYPES[kind],
                )
                yield event.text()


def filled(model: type[Wire], text: str, number: int) -> Any:  # noqa: ANN401 -- whichever data it is
    return model.model_construct(
        **{name: value(field.annotation, text, number) for name, field in model.model_fields.items()}
    )


def value(annotation: Any, text: str, number: int) -> Any:  # noqa: ANN401 -- of any type that a field has
    """Something of this type: the text, the number, or made of them."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return inner[0]
    if origin is tuple:
        return (value(inner[0], text, number),) * 2
    if origin is not None:  # optional
        return value(inner[0], text, number)
    if issubclass(annotation, Wire):
        return filled(annotation, text, number)
    return {str: text, int: number, bool: number == 1}[annotation]


def canonical_by_node(texts: list[str]) -> list[str]:
    done = subprocess.run(  # noqa: S603 -- our own script
        [str(node_of(Layout(HERE.parent.parent)).node), str(HERE / "canonical.mjs")],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


def test_every_event_is_stored_in_canonical_form() -> None:
    stored = list(events())
    assert len(stored) == len(ODD) * len(NUMBERS) * len(EVENT_TYPES)
    assert canonical_by_node(stored) == stored


def test_every_sealed_event_is_in_canonical_form_and_tells_no_word() -> None:
    stored = list(events())
    forms = [sealed(body, lambda _: bytes(32)) for body in stored]
    assert canonical_by_node(forms) == forms
    for form in forms:
        event = json.loads(form)
        assert [event["actor"]["name"], *(event["data"].get(name, "") for name in ("text", "reason"))] == ["", "", ""]
        assert event["data"].get("member", {"name": ""})["name"] == ""


def test_no_event_can_hold_a_number_that_is_written_in_two_ways() -> None:
    models: tuple[type[Wire], ...] = (Event, *EVENT_TYPES)
    assert float not in {field.annotation for model in models for field in model.model_fields.values()}
