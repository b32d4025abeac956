import json
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import pytest
from httpx import ASGITransport, AsyncClient
from httpx import Response as Answer
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import Conflict, InvalidCredential, TooManyRequests, Unavailable
from shared.http import Api, Authenticate, Call, Endpoints, anyone, signed_request
from shared.log import Log

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
async def target(call: Call[None, None]) -> Response:
    """What a signature would commit to."""
    return Response(signed_request(call.request, b"").target, media_type="text/plain")


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

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        log = Log(lambda line: self.lines.append(json.loads(line)), lambda: NOW_MS, "test")
        authenticate: Mapping[str, Authenticate] = {"person": person, "anyone": anyone}
        api = Api(endpoints.rows, authenticate, None, log, lambda prefix: f"{prefix}_1", lambda: NOW_MS)
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


# ── what a signature commits to, and what is logged ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/target", "/target?a=1&a=2", "/target?q=%2F%20+", "/target?x=y?z"])
async def test_the_target_is_the_raw_one(served: Served, path: str) -> None:
    assert (await served.client.get(path)).text == path


async def test_a_line_tells_the_route_and_neither_path_nor_query_nor_credential(served: Served) -> None:
    await served.client.get("/notes/secret-id?limit=3", headers={"Authorization": "Bearer secret-token"})

    line = served.lines[-1]
    assert (line["route"], line["status"], line["code"]) == ("/notes/{note_id}", 200, None)
    assert "secret" not in json.dumps(line)
    assert "limit" not in json.dumps(line)
