"""What crosses between Durable Objects keeps its meaning, failures too."""

import pytest

from shared.errors import Forbidden, GroupArchived, InternalError, ParleyError, TooManyRequests
from shared.rpc import granted, refused, reply_in


@pytest.mark.parametrize("reply", ["null", '{"seq":1}', '["}"]'])
def test_a_reply_comes_back_as_it_was_given(reply: str) -> None:
    assert reply_in(granted(reply)) == reply


@pytest.mark.parametrize(
    "error", [Forbidden("You are not a member"), GroupArchived(), TooManyRequests(retry_after_ms=250)]
)
def test_a_failure_comes_back_as_itself(error: ParleyError) -> None:
    with pytest.raises(type(error)) as caught:
        reply_in(refused(error))
    assert (caught.value.detail, caught.value.retry_after_ms) == (error.detail, error.retry_after_ms)


def test_a_failure_tells_no_reason() -> None:
    assert "secret" not in refused(Forbidden("No", reason="secret"))


def test_a_code_of_another_version_is_an_internal_error() -> None:
    with pytest.raises(InternalError, match="what is new"):
        reply_in('{"error":{"code":"not_known_here","message":"what is new","temporary":false}}')
