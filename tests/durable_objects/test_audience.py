"""A broadcast reaches everybody who can hear it, and nobody's coming or going is dearer in a full room."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.durable_objects.border import EDGE, Border, Js, install

NAMES = ("ada", "ben", "cleo", "dan")


@pytest.fixture
def border() -> Iterator[Border]:
    border = Border()
    yield border
    border.database.close()


@pytest.fixture
def module(border: Border, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    install(border, monkeypatch)
    yield importlib.import_module("durable_objects.audience")
    for name in EDGE:
        sys.modules.pop(name, None)


class Ear:
    """A socket that keeps what it hears, until it is closed; from then on to send to it is an error."""

    def __init__(self, border: Border, error: type[Exception]) -> None:
        self.heard: list[str] = []
        self._error = error
        self._closed = False
        self.socket: Js = border.thing(send=border.thing(bind=lambda _: self._hear), readyState=1)

    def close(self) -> None:
        self._closed = True
        self.socket.readyState = 3

    def _hear(self, text: str) -> None:
        if self._closed:
            raise self._error
        self.heard.append(text)


@pytest.fixture
def ears(border: Border, module: ModuleType) -> dict[str, Ear]:
    return {name: Ear(border, module.JsException) for name in NAMES}


@pytest.fixture
def audience(module: ModuleType, ears: dict[str, Ear]):  # type: ignore[no-untyped-def]  # noqa: ANN201 -- loaded anew for each test
    audience = module.Audience()
    for name, ear in ears.items():
        audience.add(name, ear.socket)
    return audience


def heard(ears: dict[str, Ear]) -> dict[str, list[str]]:
    return {name: ear.heard for name, ear in ears.items()}


def test_everybody_is_told_once(audience, ears: dict[str, Ear]) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    audience.add("ada", ears["ada"].socket)
    assert audience.tell("hello") is None
    assert heard(ears) == {name: ["hello"] for name in NAMES}
    assert len(audience) == len(NAMES)


def test_who_has_left_is_told_nothing(audience, ears: dict[str, Ear]) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    audience.remove("ben")
    audience.remove("ben")
    assert audience.tell("hello") is None
    assert heard(ears) == {"ada": ["hello"], "ben": [], "cleo": ["hello"], "dan": ["hello"]}


def test_all_but_one_are_told_and_that_one_hears_the_next(audience, ears: dict[str, Ear]) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    assert audience.tell_all_but("ben", "he has come") is None
    assert audience.tell("hello") is None
    assert ears["ben"].heard == ["hello"]
    assert ears["ada"].heard == ears["dan"].heard == ["he has come", "hello"]


@pytest.mark.parametrize("dead", NAMES)
def test_a_dead_socket_keeps_nothing_from_the_others(audience, ears: dict[str, Ear], dead: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    audience.tell_all_but("ben", "")  # the order is no longer that of coming
    ears[dead].close()
    assert audience.tell("hello") == dead
    audience.remove(dead)
    assert {name for name, ear in ears.items() if ear.heard[-1:] == ["hello"]} == set(NAMES) - {dead}
    assert audience.tell("again") is None


def test_an_empty_room_is_told_without_a_word(module: ModuleType) -> None:
    assert module.Audience().tell("hello") is None
    assert module.Audience().tell_all_but("ada", "hello") is None


@pytest.mark.parametrize("present", [1, 500])
def test_coming_and_going_costs_the_same_in_a_full_room(border: Border, module: ModuleType, present: int) -> None:
    audience = module.Audience()
    for number in range(present):
        audience.add(str(number), Ear(border, module.JsException).socket)
    before = border.crossings
    audience.add("late", Ear(border, module.JsException).socket)
    audience.tell_all_but("late", "somebody has come")
    audience.remove("late")
    assert border.crossings - before <= 15
