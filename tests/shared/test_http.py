import json
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import pytest
from httpx import ASGITransport, AsyncClient
from httpx import Response as Answer
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from shared.cors import Cors
from shared.errors import Conflict, InvalidCredential, TooManyRequests, Unavailable
from shared.http import Api, Around, Authenticate, Call, Endpoints, Exchange, GoOn, anyone, signed_request
from shared.log import Log
from shared.preconditions import entity_tag

NOW_MS = 1_800_000_000_000
JSON = {"Content-Type": "application/json"}
WHO = {"Authorization": "Bearer ada"}
endpoints = Endpoints()


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Note(Model):
    text: Annotated[str, Field(max_length=5)]


class Page(Model):
    limit: Annotated[int, Field(ge=1)] = 10


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


class Echo(Model):
    said: str
    by: str
    at: str
    more: str | None = None


@endpoints.add("POST", "/notes/{note_id}", auth="person", status=201, errors=(Conflict,), limit_bytes=64)
async def write(call: Call[str, None], body: Note) -> Echo:
    """Write a note.

    Not in the summary.
    """
    if body.text == "taken":
        raise Conflict("This note is taken", reason="row 7 of notes")
    if body.text == "crash":
        raise RuntimeError("the password is hunter2")
    if body.text == "busy":
        raise TooManyRequests(retry_after_ms=1500)
    return Echo(said=body.text, by=call.caller, at=call.path["note_id"])


@endpoints.add("GET", "/notes/{note_id}", auth="anyone")
async def read(call: Call[None, None], query: Page) -> Echo:
    """Read a note."""
    return Echo(said=str(query.limit), by="", at=call.path["note_id"])


@endpoints.add("GET", "/target", auth="anyone", media_type="text/plain")
async def target(call: Call[None, None], query: Anything) -> Response:
    """What a signature would commit to."""
    del query
    return Response(signed_request(call.request, b"").target, media_type="text/plain")


@endpoints.add("PATCH", "/notes/{note_id}", auth="person", errors=(Conflict,))
async def change(call: Call[str, None], body: Note) -> Echo:
    """Change a note, unless somebody else did meanwhile."""
    call.require_unchanged(Echo(said="10", by="", at=call.path["note_id"]))
    if body.text == "race":
        raise call.overtaken()
    return Echo(said=body.text, by=call.caller, at=call.path["note_id"])


@endpoints.add("GET", "/plain", auth="anyone")
async def plain(call: Call[None, None]) -> Echo:
    """Takes no query."""
    return Echo(said="", by="", at=call.request.url.path)


async def person(request: Request, raw: bytes, ports: None) -> str:
    del raw, ports
    match request.headers.get("authorization"):
        case "Bearer ada":
            return "ada"
        case "Bearer outage":
            raise Unavailable(reason="d1: down")
        case _:
            raise InvalidCredential(reason="unknown bearer")


class Served:
    """The API behind a client, with what it logged."""

    def __init__(self, *origins: str, around: tuple[Around, ...] = ()) -> None:
        self.lines: list[dict[str, Any]] = []
        log = Log(lambda line: self.lines.append(json.loads(line)), lambda: NOW_MS, "test")
        authenticate: Mapping[str, Authenticate] = {"person": person, "anyone": anyone}
        cors = Cors(frozenset(origins))
        ids = lambda prefix: f"{prefix}_1"  # noqa: E731 -- the port is a function
        api = Api(endpoints.rows, authenticate, None, log, ids, lambda: NOW_MS, cors, around)
        self.client = AsyncClient(transport=ASGITransport(api.asgi()), base_url="http://test")

    async def write(self, text: str) -> Answer:
        return await self.client.post("/notes/n1", json={"text": text}, headers=WHO)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    made = Served()
    async with made.client:
        yield made


def code(response: Answer) -> str:
    """The code of a problem, which must be a whole one."""
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:parley:error:{body['code']}"
    assert body["request_id"] == response.headers.get("x-request-id", body["request_id"])
    assert isinstance(body["code"], str)
    return body["code"]


# ── the table ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_says_all_that_serving_and_describing_it_takes() -> None:
    row = endpoints.rows[0]

    assert (row.body, row.query, row.result, row.summary) == (Note, None, Echo, "Write a note.")
    assert (endpoints.rows[1].query, endpoints.rows[2].result) == (Page, None)


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_model_becomes_the_answer_with_every_member(served: Served) -> None:
    response = await served.write("hi")

    assert (response.status_code, response.json()) == (201, {"said": "hi", "by": "ada", "at": "n1", "more": None})
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-request-id"] == "req_1"


async def test_a_query_is_read_into_its_model(served: Served) -> None:
    assert (await served.client.get("/notes/n1?limit=3")).json()["said"] == "3"


async def test_a_query_that_nobody_asked_for_is_refused_where_none_is_taken(served: Served) -> None:
    assert (await served.client.get("/plain")).status_code == 200
    assert code(await served.client.get("/plain?page=2")) == "invalid_body"
    assert code(await served.client.post("/notes/n1?x=1", json={"text": "hi"}, headers=WHO)) == "invalid_body"


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1&limit=2", "other=1", "limit="])
async def test_a_query_that_is_not_the_models_is_refused(served: Served, query: str) -> None:
    assert code(await served.client.get(f"/notes/n1?{query}")) == "invalid_body"


# ── failures ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_failure_shows_its_detail_and_hides_its_reason(served: Served) -> None:
    response = await served.write("taken")

    assert (response.status_code, code(response)) == (409, "conflict")
    assert response.json()["detail"] == "This note is taken"
    assert "row 7" not in response.text


async def test_an_unforeseen_exception_shows_nothing_of_itself(served: Served) -> None:
    response = await served.write("crash")

    assert (response.status_code, code(response)) == (500, "internal_error")
    assert "hunter2" not in response.text
    assert str(served.lines[-1]["reason"]).startswith("RuntimeError at ")
    assert "hunter2" not in str(served.lines)


async def test_a_passing_failure_says_when_to_come_back(served: Served) -> None:
    response = await served.write("busy")

    assert code(response) == "too_many_requests"
    assert (response.headers["retry-after"], response.json()["retry_after_ms"]) == ("2", 1500)


async def test_credentials_come_before_everything_else(served: Served) -> None:
    """Somebody unknown learns nothing about bodies."""
    response = await served.client.post("/notes/n1", content=b"{", headers=JSON)

    assert (response.status_code, code(response)) == (401, "invalid_credential")
    assert response.headers["www-authenticate"] == "Bearer"


async def test_an_outage_of_the_directory_is_no_refusal(served: Served) -> None:
    response = await served.client.post("/notes/n1", json={"text": "hi"}, headers={"Authorization": "Bearer outage"})

    assert (response.status_code, code(response)) == (503, "unavailable")
    assert "retry-after" in response.headers


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (b"{", "application/json", "bad_request"),
        (b'{"text":"a","text":"b"}', "application/json", "bad_request"),
        (b"", "application/json", "bad_request"),
        (b'{"text":"\xff"}', "application/json", "bad_request"),
        (b"[]", "application/json", "invalid_body"),
        (b"{}", "application/json", "invalid_body"),
        (b'{"text":1}', "application/json", "invalid_body"),
        (b'{"text":"hi","more":1}', "application/json", "invalid_body"),
        (b'{"text":"longer"}', "application/json", "invalid_body"),
        (b'{"text":"hi"}', "text/plain", "unsupported_media_type"),
        (b'{"text":"hi"}', "application/x-www-form-urlencoded", "unsupported_media_type"),
        (b'{"text":"hi"}', "", "unsupported_media_type"),
        (b" " * 65, "application/json", "too_large"),
    ],
)
async def test_a_body_that_is_not_the_models_is_refused(
    served: Served, content: bytes, media_type: str, expected: str
) -> None:
    headers = {**WHO, "Content-Type": media_type}
    assert code(await served.client.post("/notes/n1", content=content, headers=headers)) == expected


async def test_a_media_type_may_carry_its_encoding(served: Served) -> None:
    headers = {**WHO, "Content-Type": "Application/JSON; charset=utf-8"}
    assert (await served.client.post("/notes/n1", content=b'{"text":"hi"}', headers=headers)).status_code == 201


async def test_a_refusal_does_not_repeat_the_input(served: Served) -> None:
    response = await served.client.post("/notes/n1", json={"text": "<script>secret"}, headers=WHO)

    assert "secret" not in response.text


async def test_an_unknown_path_and_a_wrong_method_are_problems_too(served: Served) -> None:
    assert code(await served.client.get("/nowhere")) == "not_found"
    wrong = await served.client.delete("/notes/n1")
    assert (wrong.status_code, code(wrong)) == (405, "method_not_allowed")
    assert set(wrong.headers["allow"].split(", ")) >= {"GET", "POST"}


async def test_a_request_without_a_route_is_logged_as_well(served: Served) -> None:
    response = await served.client.get("/nowhere")

    assert response.headers["x-request-id"] == served.lines[-1]["request_id"]


async def test_the_method_is_the_requests_own(served: Served) -> None:
    """No header turns one method into another."""
    response = await served.client.get("/notes/n1", headers={**WHO, "X-HTTP-Method-Override": "POST"})

    assert response.json()["said"] == "10"


# ── which state is meant ────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_read_has_a_tag_of_its_content_and_is_not_sent_again_to_who_has_it(served: Served) -> None:
    first, other = await served.client.get("/notes/n1"), await served.client.get("/notes/n2")
    tag = first.headers["etag"]
    assert tag != other.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for value in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = await served.client.get("/notes/n1", headers={"If-None-Match": value})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await served.client.get("/notes/n1", headers={"If-None-Match": '"x"'})).status_code == 200


async def test_a_change_of_a_state_that_is_gone_is_refused(served: Served) -> None:
    tag = (await served.client.get("/notes/n1")).headers["etag"]

    async def changed(if_match: str, text: str = "new") -> Answer:
        return await served.client.patch("/notes/n1", json={"text": text}, headers={**WHO, "If-Match": if_match})

    for value in (tag, f'"x", {tag}', "*"):
        assert (await changed(value)).status_code == 200
    for value in ('"x"', f"W/{tag}", "", tag.strip('"')):
        assert code(await changed(value)) == "precondition_failed"
    assert code(await changed(tag, "race")) == "precondition_failed"


async def test_a_change_without_a_condition_may_still_lose_a_race(served: Served) -> None:
    lost = await served.client.patch("/notes/n1", json={"text": "race"}, headers=WHO)
    assert (lost.status_code, code(lost)) == (409, "conflict")


async def test_what_a_change_answers_has_the_tag_that_reading_it_would_have(served: Served) -> None:
    changed = await served.client.patch("/notes/n1", json={"text": "10"}, headers=WHO)
    assert changed.headers["etag"] == entity_tag(Echo(said="10", by="ada", at="n1"))
    assert "etag" not in (await served.write("hi")).headers


# ── pages of other origins ──────────────────────────────────────────────────────────────────────────────────────────

OURS, THEIRS = "https://shop.test", "https://evil.test"
ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


async def test_a_page_of_the_list_may_call_and_read_every_answer() -> None:
    async with Served(OURS).client as client:
        for response in (
            await client.get("/notes/n1", headers={"Origin": OURS}),
            await client.post("/notes/n1", headers={"Origin": OURS}),
            await client.get("/nowhere", headers={"Origin": OURS}),
        ):
            assert response.headers["access-control-allow-origin"] == OURS
            assert "ETag" in response.headers["access-control-expose-headers"].split(", ")
            assert response.headers["vary"] == "Origin"
            assert "access-control-allow-credentials" not in response.headers


async def test_a_browser_that_asks_first_is_told_what_the_path_takes() -> None:
    async with Served(OURS).client as client:
        told = await client.options("/notes/n1", headers={"Origin": OURS, **ASKS})
        assert told.status_code == 204
        assert told.headers["access-control-allow-origin"] == OURS
        assert set(told.headers["access-control-allow-methods"].split(", ")) == {"GET", "POST", "PATCH"}
        assert told.headers["access-control-max-age"] == "600"
        assert code(await client.options("/notes/n1", headers={"Origin": OURS})) == "method_not_allowed"
        assert {"Authorization", "Idempotency-Key"} <= set(told.headers["access-control-allow-headers"].split(", "))


@pytest.mark.parametrize("origin", [THEIRS, "null", OURS + ".evil.test", OURS.upper(), "*"])
async def test_a_page_of_elsewhere_is_told_nothing(origin: str) -> None:
    async with Served(OURS).client as client:
        asked = await client.options("/notes/n1", headers={"Origin": origin, **ASKS})
        assert code(asked) == "method_not_allowed"
        for response in (asked, await client.get("/notes/n1", headers={"Origin": origin})):
            assert not [name for name in response.headers if name.startswith("access-control-")]
            assert response.headers["vary"] == "Origin"


async def test_without_a_list_there_is_no_other_origin(served: Served) -> None:
    assert code(await served.client.options("/notes/n1", headers={"Origin": OURS, **ASKS})) == "method_not_allowed"
    assert "vary" not in (await served.client.get("/notes/n1", headers={"Origin": OURS})).headers


# ── what stands around every handler ────────────────────────────────────────────────────────────────────────────────


async def test_what_stands_around_knows_the_caller_and_may_go_on_refuse_or_answer() -> None:
    seen: list[str] = []

    async def outer(exchange: Exchange, go_on: GoOn) -> Response:
        seen.append(f"outer {exchange.caller}")
        exchange.headers["X-Outer"] = "yes"
        return await go_on()

    async def inner(exchange: Exchange, go_on: GoOn) -> Response:
        seen.append(f"inner {exchange.raw.decode()}")
        match exchange.request.headers.get("x-do"):
            case "refuse":
                raise TooManyRequests
            case "answer":
                return Response("own", 201)
            case _:
                return await go_on()

    async with Served(around=(outer, inner)).client as client:
        answers = [
            await client.post("/notes/n1", json={"text": "hi"}, headers={**WHO, "X-Do": do})
            for do in ("", "refuse", "answer")
        ]
        assert [answer.status_code for answer in answers] == [201, 429, 201]
        assert [answer.headers["x-outer"] for answer in answers] == ["yes"] * 3
        assert seen[:2] == ["outer ada", 'inner {"text":"hi"}']
        assert (await client.post("/notes/n1", json={"text": "hi"})).status_code == 401
        assert len(seen) == 6, "who is nobody gets no further"


# ── what a signature commits to, and what is logged ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/target", "/target?a=1&b=2", "/target?q=%2F%20+", "/target?x=y?z"])
async def test_the_target_is_the_raw_one(served: Served, path: str) -> None:
    assert (await served.client.get(path)).text == path


async def test_a_line_tells_the_route_and_neither_path_nor_query_nor_credential(served: Served) -> None:
    await served.client.get("/notes/secret-id?limit=3", headers={"Authorization": "Bearer secret-token"})

    line = served.lines[-1]
    assert (line["route"], line["status"], line["code"]) == ("/notes/{note_id}", 200, None)
    assert "secret" not in json.dumps(line)
    assert "limit" not in json.dumps(line)
