"""The log names who called, and holds nothing that anybody could call with."""

import asyncio

from shared.evidence import begin, note, noted


def test_what_was_noted_is_about_this_request_alone() -> None:
    begin()
    note(kid="k", sub=None)
    note(iss="app")
    assert noted() == {"kid": "k", "iss": "app"}
    begin()
    assert noted() == {}


def test_a_number_used_once_is_told_by_its_digest() -> None:
    begin()
    note(jti="j" * 22)
    (told,) = noted().values()
    assert (len(told), "j" in told) == (16, False)
    begin()
    note(jti="j" * 22)
    assert noted() == {"jti": told}


async def test_two_requests_at_once_do_not_mix() -> None:
    async def request(name: str) -> dict[str, str]:
        begin()
        await asyncio.sleep(0)
        note(sub=name)
        await asyncio.sleep(0)
        return noted()

    assert [*await asyncio.gather(request("ada"), request("ben"))] == [{"sub": "ada"}, {"sub": "ben"}]


def test_nothing_is_noted_where_nobody_asks() -> None:
    note(sub="ada")
