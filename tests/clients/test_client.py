import json
from collections.abc import Callable

import httpx
import pytest

from parley import Parley, ParleyError, Undecodable, Unreachable
from parley.records import GroupAgent, GroupMember, NewToken
from tests.clients import wire

Answer = Callable[[httpx.Request], httpx.Response]


class FakeApi(httpx.MockTransport):
    """Answers each request from a table of `METHOD /path`, and remembers them."""

    def __init__(self, **answers: object) -> None:
        super().__init__(self._respond)
        self.answers = answers
        self.requests: list[httpx.Request] = []

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[f"{request.method} {request.url.raw_path.decode()}"]
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


def client(api: httpx.AsyncBaseTransport) -> Parley:
    return Parley("https://parley.example", "prl_secret", transport=api)


async def test_the_bearer_and_the_body_are_sent() -> None:
    created = {"group_id": "grp_1", "status": "active", "created_at": "t"}
    api = FakeApi(**{"POST /groups": created})
    async with client(api) as parley:
        assert (await parley.create_group("org_1", "Garden", agent_ids=("agt_1",))).group_id == "grp_1"
    (request,) = api.requests
    assert request.headers["Authorization"] == "Bearer prl_secret"
    assert json.loads(request.content) == {
        "org_id": "org_1",
        "title": "Garden",
        "is_private": True,
        "agent_ids": ["agt_1"],
    }


async def test_a_group_is_read_with_its_people_and_agents() -> None:
    record = {
        "group_id": "grp_1",
        "org_id": "org_1",
        "title": "Garden",
        "is_private": True,
        "status": "active",
        "created_at": "t",
        "members": [{"user_id": "usr_1", "name": "Ada", "role": "owner"}],
        "agents": [{"agent_id": "agt_1", "handle": "scribe", "name": "Scribe"}],
    }
    async with client(FakeApi(**{"GET /groups/grp_1": record})) as parley:
        group = await parley.group("grp_1")
    assert group.members == (GroupMember("usr_1", "Ada", "owner"),)
    assert group.agents == (GroupAgent("agt_1", "scribe", "Scribe"),)


async def test_a_list_goes_on_while_there_is_a_next_page() -> None:
    agent = {"id": "agt_1", "handle": "scribe", "name": "Scribe"}
    pages = {
        "GET /agents": {"agents": [agent], "next": "agt_1"},
        "GET /agents?after=agt_1": {"agents": [agent | {"id": "agt_2"}], "next": None},
    }
    async with client(FakeApi(**pages)) as parley:
        assert [found.id async for found in parley.agents()] == ["agt_1", "agt_2"]


async def test_a_token_is_labelled() -> None:
    api = FakeApi(**{"POST /people/usr_1/tokens": {"id": "tok_1", "token": "prl_x", "expires_at": "t"}})
    async with client(api) as parley:
        assert await parley.create_token("usr_1", "laptop", expires_in_days=7) == NewToken("tok_1", "prl_x", "t")
    assert json.loads(api.requests[0].content) == {"label": "laptop", "expires_in_days": 7}


async def test_a_problem_becomes_an_error_with_its_code() -> None:
    problem = {"type": "urn:x", "title": "T", "status": 429, "detail": "Slow down", "code": "too_many_requests"}
    response = httpx.Response(429, json=problem, headers={"Retry-After": "3"})
    async with client(FakeApi(**{"GET /me": response})) as parley:
        with pytest.raises(ParleyError) as caught:
            await parley.me()
    failure = caught.value
    assert (failure.code, failure.status, failure.detail) == ("too_many_requests", 429, "Slow down")
    assert failure.retry_after_ms == 3000


async def test_an_error_that_is_no_problem_is_still_an_error() -> None:
    async with client(FakeApi(**{"GET /me": httpx.Response(502, text="<html>")})) as parley:
        with pytest.raises(ParleyError, match="http_error"):
            await parley.me()


async def test_no_network_is_unreachable() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async with client(httpx.MockTransport(fail)) as parley:
        with pytest.raises(Unreachable):
            await parley.me()


async def test_an_answer_of_another_shape_is_undecodable() -> None:
    async with client(FakeApi(**{"GET /me": []})) as parley:
        with pytest.raises(Undecodable):
            await parley.me()


async def test_an_archive_is_handed_over_as_it_is_stored() -> None:
    packed = b"\x1f\x8b not really gzip"
    answer = httpx.Response(200, stream=httpx.ByteStream(packed), headers={"Content-Encoding": "gzip"})
    async with client(FakeApi(**{"GET /groups/grp_1/archive": answer})) as parley:
        assert b"".join([chunk async for chunk in parley.download_archive("grp_1")]) == packed


async def test_a_group_is_brought_back_and_deleted() -> None:
    api = FakeApi(**{"POST /groups/grp_1/restore": {"status": "active"}, "DELETE /groups/grp_1": {"status": "deleted"}})
    async with client(api) as parley:
        await parley.restore("grp_1", "we go on")
        await parley.delete_group("grp_1")
    assert json.loads(api.requests[0].content) == {"reason": "we go on"}
    assert [request.method for request in api.requests] == ["POST", "DELETE"]


async def test_a_missing_archive_is_an_error() -> None:
    answer = httpx.Response(404, json={"code": "not_found", "detail": "none"})
    async with client(FakeApi(**{"GET /groups/grp_1/archive": answer})) as parley:
        with pytest.raises(ParleyError, match="not_found"):
            await anext(parley.download_archive("grp_1"))


async def test_a_message_over_http_carries_the_id_that_makes_it_one() -> None:
    api = FakeApi(**{"POST /groups/grp_1/messages": {"seq": 4, "ts": "t", "duplicate": False}})
    async with client(api) as parley:
        sent = await parley.send("grp_1", "hi", client_msg_id="c1", reply_to=2)
    assert sent.seq == 4
    assert json.loads(api.requests[0].content) == {"client_msg_id": "c1", "text": "hi", "reply_to": 2}


async def test_a_page_of_the_log_is_read_over_http() -> None:
    page = {"events": [json.loads(wire.event(3))], "more": True}
    async with client(FakeApi(**{"GET /groups/grp_1/messages?after=2&limit=1": page})) as parley:
        read = await parley.history("grp_1", after=2, limit=1)
    assert ([event.seq for event in read.events], read.more) == ([3], True)


async def test_tokens_are_listed_and_revoked_and_people_disabled_where_they_live() -> None:
    token = {"id": "tok_1", "label": "laptop", "created_at": "t", "expires_at": None, "revoked_at": None}
    api = FakeApi(
        **{
            "GET /people/usr_1/tokens": {"tokens": [token], "next": None},
            "DELETE /people/usr_1/tokens/tok_1": {"status": "ok"},
            "DELETE /people/usr_1": {"status": "ok"},
            "POST /people/usr_1/enable": {"status": "ok"},
        }
    )
    async with client(api) as parley:
        assert [found.label async for found in parley.tokens("usr_1")] == ["laptop"]
        await parley.revoke_token("usr_1", "tok_1")
        await parley.disable_person("usr_1")
        await parley.enable_person("usr_1")
    assert len(api.requests) == 4


async def test_the_operator_creates_an_org_with_its_owner() -> None:
    person = {"id": "usr_1", "name": "Ada", "role": "owner", "org_id": "org_1"}
    created = {"org": {"id": "org_1", "name": "Kitchen"}, "owner": person, "token": "prl_x"}
    async with client(FakeApi(**{"POST /orgs": created})) as parley:
        assert (await parley.create_org("Kitchen", "Ada")).owner.org_id == "org_1"
