import json
from collections.abc import AsyncGenerator, AsyncIterator, MutableMapping
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from agents.api import REQUEST_LIMIT_BYTES, AgentsPorts, authenticate, endpoints, lines_of
from agents.providers import Ask, Ending, Piece
from agents.run import Stage as Turns
from shared.agent_api import RUN_EVENT, FinalResult, PartDelta, PartStart, RunEvent, TextPart, TextPartDelta
from shared.errors import Unavailable
from shared.http import Api
from shared.ids import new_id
from shared.jwks import RemoteKeys, own_keys
from shared.keys import PrivateKeySet
from shared.log import Log
from shared.protocol import Usage
from shared.signing import CERTIFICATE_HEADER, SCHEME, Verifier, certificate_hash, content_digest
from shared.streaming import Closing
from shared.tokens import ORCHESTRATOR, REQUEST, SESSION, Tokens
from tests.agents.fakes import FakeRecordings
from tests.fakes import FakeReplayGuard
from tests.shared.credential import Credential
from tests.shared.hostile import ES256
from tools.es256 import new_private_key

NOW_S = 1_800_000_000
ORIGIN, TARGETS = "https://agents.test", ("/agents/run", "/agents/run-stream")
ISSUER, HOLDER = new_private_key(), new_private_key()
GROUP, OTHER_GROUP = "grp_" + "0" * 26, "grp_" + "1" * 26
SCRIBE, OTHER = "agt_" + "0" * 26, "agt_" + "1" * 26
ADA = {"kind": "user", "id": "usr_" + "0" * 26, "name": "Ada"}
RUN, OTHER_RUN = "run_" + "0" * 26, "run_" + "1" * 26
CONTROLLER = "controller-1"


class Parrot:
    """A provider that says what it was last told."""

    async def stream(self, ask: Ask) -> AsyncIterator[Piece]:
        yield ask.request.messages[-1].text
        yield Ending(Usage())


class Stage:
    """The Agents Worker without its edge, and a Group Controller that calls it."""

    def __init__(self) -> None:
        self.reads = 0
        self.down = False
        self.lines: list[str] = []
        self.recordings = FakeRecordings()
        tokens, log = Tokens(ES256), Log(self.lines.append, lambda: NOW_S * 1000, "agents")
        ports = AgentsPorts(
            verifier=Verifier(tokens, FakeReplayGuard(), "agents", ORIGIN),
            issuer_keys=RemoteKeys(self.read, lambda: NOW_S * 1000, own_keys),
            stage=Turns({"parrot": Parrot()}, log),
            recordings=self.recordings,
            clock=lambda: NOW_S * 1000,
            log=log,
        )
        make_id = lambda prefix: new_id(prefix, NOW_S * 1000, bytes(10))  # noqa: E731 -- an argument with a name
        app = Api(endpoints.rows, authenticate, ports, log, make_id, lambda: NOW_S * 1000).asgi()
        self.client = AsyncClient(transport=ASGITransport(app), base_url=ORIGIN)

    async def read(self) -> bytes:
        self.reads += 1
        if self.down:
            raise Unavailable
        return PrivateKeySet(keys=(ISSUER,)).published().model_dump_json().encode()

    async def ask(
        self,
        target: str,
        body: bytes,
        key: Any = ISSUER,  # noqa: ANN401
        last_event_id: str | None = None,
        **certified: Any,  # noqa: ANN401 -- any claim
    ) -> Response:
        claims = {
            "iss": ORCHESTRATOR,
            "sub": CONTROLLER,
            "aud": ["agents", "orchestrator"],
            "gid": GROUP,
            "sep": 1,
            "agents": [SCRIBE],
            "scope": "group",
            "cnf": {"jwk": HOLDER.public.model_dump()},
            "iat": NOW_S,
            "exp": NOW_S + SESSION.life_s,
            "jti": "A" * 22,
            **certified,
        }
        certificate = Credential(SESSION, claims, key).token()
        request = {
            "iss": CONTROLLER,
            "sub": CONTROLLER,
            "aud": "agents",
            "htm": "POST",
            "htu": ORIGIN + target,
            "cdg": content_digest(body),
            "ath": certificate_hash(certificate),
            "iat": NOW_S,
            "exp": NOW_S + 30,
            "jti": "B" * 22,
        }
        headers = {
            "Authorization": f"{SCHEME} {Credential(REQUEST, request, HOLDER).token()}",
            "Content-Digest": content_digest(body),
            "Content-Type": "application/json",
            CERTIFICATE_HEADER: certificate,
            **({} if last_event_id is None else {"Last-Event-ID": last_event_id}),
        }
        return await self.client.post(target, content=body, headers=headers)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.client.aclose()


def turn(agent_id: str = SCRIBE, group_id: str = GROUP, profile_id: str | None = None) -> bytes:
    profile = {"id": profile_id or agent_id, "handle": "parrot", "name": "P", "provider": "parrot", "model": "m"}
    context = {"group_id": group_id, "run_id": RUN, "title": "Test", "trigger": 1, "agent": profile}
    said = {"seq": 1, "ts": "2026-11-23T09:00:00.000Z", "sender": ADA, "text": "Polly"}
    return json.dumps(
        {"agent_id": agent_id, "messages": [said], "context": {**context, "members": [], "requested_by": ADA}}
    ).encode()


def verdict(response: Response) -> tuple[int, str]:
    return response.status_code, str(response.json()["code"])


@pytest.mark.parametrize("target", TARGETS)
async def test_a_turn_runs_for_the_session_that_names_its_agent_and_its_group(stage: Stage, target: str) -> None:
    answer = await stage.ask(target, turn())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


async def test_a_turn_is_its_events_a_line_each(stage: Stage) -> None:
    lines = [json.loads(line) for line in (await stage.ask(TARGETS[0], turn())).text.splitlines()]
    assert (lines[-1]["event_kind"], lines[-1]["result"]["output"]) == ("agent_run_result", "Polly")
    assert stage.recordings.asked == []


@pytest.mark.parametrize(("header", "after"), [(None, 0), ("", 0), (f"{RUN}:7", 7)])
async def test_server_sent_events_come_from_where_they_are_kept(stage: Stage, header: str | None, after: int) -> None:
    answer = await stage.ask(TARGETS[1], turn(), last_event_id=header)
    assert (answer.text, answer.headers["content-type"]) == ("id: 1\n\n", "text/event-stream; charset=utf-8")
    ((asked, number),) = stage.recordings.asked
    assert (asked.context.run_id, number) == (RUN, after)


@pytest.mark.parametrize(
    "header", [f"{OTHER_RUN}:7", RUN, f"{RUN}:0", f"{RUN}:-1", f"{RUN}:7 ", "7", f"{RUN}:1234567890"]
)
async def test_an_id_that_is_no_event_of_this_run_resumes_nothing(stage: Stage, header: str) -> None:
    assert verdict(await stage.ask(TARGETS[1], turn(), last_event_id=header)) == (400, "bad_request")
    assert stage.recordings.asked == []


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("body", "certified", "expected"),
    [
        (turn(OTHER), {}, (403, "forbidden")),
        (turn(), {"agents": []}, (403, "forbidden")),
        (turn(), {"agents": [OTHER]}, (403, "forbidden")),
        (turn(), {"agents": ["*", SCRIBE[:-1]]}, (403, "forbidden")),
        (turn(group_id=OTHER_GROUP), {}, (403, "forbidden")),
        (turn(), {"gid": OTHER_GROUP}, (403, "forbidden")),
        (turn(profile_id=OTHER), {"agents": [SCRIBE, OTHER]}, (422, "invalid_body")),
        (turn(OTHER, profile_id=SCRIBE), {"agents": [SCRIBE, OTHER]}, (422, "invalid_body")),
        (turn(), {"sub": "controller-2"}, (401, "invalid_credential")),
        (turn(), {"iss": "parley-app"}, (401, "invalid_credential")),
        (turn(), {"exp": NOW_S - 10, "iat": NOW_S - 20}, (401, "invalid_credential")),
        (turn(), {"cnf": {"jwk": ISSUER.public.model_dump()}}, (401, "invalid_credential")),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_no_turn_runs_for_any_other(
    stage: Stage, target: str, body: bytes, certified: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert verdict(await stage.ask(target, body, **certified)) == expected


@pytest.mark.parametrize("target", TARGETS)
async def test_a_call_counts_once(stage: Stage, target: str) -> None:
    assert (await stage.ask(target, turn())).status_code == 200
    assert verdict(await stage.ask(target, turn())) == (401, "invalid_credential")


@pytest.mark.parametrize("target", TARGETS)
async def test_nobody_runs_anything(stage: Stage, target: str) -> None:
    answer = await stage.client.post(target, content=turn(), headers={"Content-Type": "application/json"})
    assert verdict(answer) == (401, "invalid_credential")


async def test_a_strangers_certificate_costs_one_reading_of_the_keys(stage: Stage) -> None:
    for _ in range(3):
        assert verdict(await stage.ask(TARGETS[0], turn(), HOLDER)) == (401, "invalid_credential")
    assert stage.reads == 1


async def test_without_the_issuers_keys_nothing_is_believed(stage: Stage) -> None:
    stage.down = True
    assert verdict(await stage.ask(TARGETS[0], turn())) == (503, "unavailable")


@pytest.mark.parametrize("target", TARGETS)
async def test_a_turn_is_at_most_eight_megabytes(stage: Stage, target: str) -> None:
    assert REQUEST_LIMIT_BYTES == 8 * 1024 * 1024
    spaces = turn() + b" " * (REQUEST_LIMIT_BYTES - len(turn()))
    assert (await stage.ask(target, spaces)).status_code == 200
    assert verdict(await Stage().ask(target, spaces + b" ")) == (413, "too_large")


async def test_it_answers_for_its_health_to_everybody(stage: Stage) -> None:
    assert (await stage.client.get("/healthz")).json() == {"status": "ok"}


class Gone(Exception):
    """What the runtime raises when a reader has gone away is no OSError."""


async def test_a_reader_that_goes_away_ends_the_stream_at_once() -> None:
    closed = []

    async def pieces() -> AsyncGenerator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            closed.append(True)

    async def send(message: MutableMapping[str, Any]) -> None:
        if message.get("body"):
            raise Gone

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.disconnect"}

    response = Closing(pieces())
    with pytest.raises(Gone):
        await response({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, send)
    assert closed


def test_each_event_is_a_line() -> None:
    delta = PartDelta(index=0, delta=TextPartDelta(content_delta="a\nb"))
    events: list[RunEvent] = [PartStart(index=0, part=TextPart(content="")), FinalResult(), delta, delta]
    assert [RUN_EVENT.validate_json(line) for line in lines_of(events).splitlines()] == events
    assert lines_of([]) == ""
