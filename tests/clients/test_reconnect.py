import pytest

from parley.errors import ParleyError, Unreachable
from parley.reconnect import Backoff, is_final, is_temporary


@pytest.mark.parametrize("code", [4500, 4501, 4503, 4504, 4999])
def test_4500_to_4999_is_for_good(code: int) -> None:
    assert is_final(code)


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, 1012, 4000, 4001, 4013, 4499, 5000])
def test_everything_else_may_have_been_the_weather(code: int) -> None:
    assert not is_final(code)


def test_delays_double_up_to_ten_seconds() -> None:
    backoff = Backoff(lambda: 1.0)
    assert [backoff.next_s() for _ in range(8)] == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10])
    backoff.reset()
    assert backoff.next_s() == pytest.approx(0.2)


def test_chance_takes_off_up_to_half() -> None:
    assert Backoff(lambda: 0.0).next_s() == pytest.approx(0.1)


@pytest.mark.parametrize(("status", "temporary"), [(429, True), (500, True), (503, True), (401, False), (404, False)])
def test_a_refusal_is_temporary_when_its_status_says_so(status: int, temporary: bool) -> None:
    assert is_temporary(ParleyError("x", status, "")) is temporary


def test_an_unreachable_server_may_be_back() -> None:
    assert is_temporary(Unreachable(""))
