"""A plan carried out: wrangler is a list of what it was asked, the deployment's addresses answer from a table."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx
import pytest

from tests.tools.deploy.deployments import deployment
from tools.console import ToolError
from tools.deploy.carry_out import PATIENCE_S, Hands, carry_out
from tools.deploy.plan import plan

SECRET = "sk-never-an-argument"
OPERATOR = "prl_operator_" + "x" * 32
HEALTHY = {"status": "ok", "parts": [{"name": "database", "status": "ok", "ms": 3}]}
TOKEN = "prl_first"
ORG = {"org": {"id": "org_1"}, "owner": {"id": "usr_1"}, "token": TOKEN}


@dataclass
class Account:
    """What wrangler was asked, and an account in which some things exist already."""

    listed: str = "[]"
    orgs: int = 0
    fails_on: str | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)

    def __call__(self, arguments: Sequence[str], given: str) -> str:
        self.asked.append(tuple(arguments))
        self.given.append(given)
        if self.fails_on is not None and self.fails_on in arguments:
            raise ToolError("no")
        if "list" in arguments:
            return self.listed
        return json.dumps([{"results": [{"orgs": self.orgs}]}]) if "execute" in arguments else "Total Upload: 1 KiB"

    def did(self, *words: str) -> bool:
        return any(set(words) <= set(arguments) for arguments in self.asked)


@dataclass
class FakeKeys:
    token: str | None = OPERATOR

    def ensure(self) -> str:
        return "kept"

    def operator_token(self) -> str | None:
        return self.token


def carried_out(
    account: Account,
    answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(200, json=HEALTHY | ORG),
    keys: FakeKeys | None = None,
) -> list[httpx.Request]:
    requests: list[httpx.Request] = []

    def heard(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer(request)

    environment = {"OPENAI_API_KEY": SECRET}
    with httpx.Client(transport=httpx.MockTransport(heard)) as web:
        hands = Hands(account, keys or FakeKeys(), environment, web, lambda _: None)
        carry_out(plan(deployment(), environment), hands)
    return requests


def test_a_first_deployment_makes_everything(capsys: pytest.CaptureFixture[str]) -> None:
    account = Account()
    carried_out(account)
    assert account.did("d1", "create", "harbour")
    assert account.did("bucket", "create", "harbour-archives")
    assert [a for a in account.asked if a[0] == "deploy"] == [
        ("deploy", "-e", worker) for worker in ("agents", "orchestrator", "app")
    ]
    assert capsys.readouterr().out.count(TOKEN) == 1


def test_the_next_deployment_makes_nothing_anew(capsys: pytest.CaptureFixture[str]) -> None:
    account = Account(listed='[{"name": "harbour"}, {"name": "harbour-archives"}]', orgs=1)
    requests = carried_out(account)
    assert not account.did("create")
    assert account.did("migrations", "--remote")
    assert [request.method for request in requests] == ["GET"] * 4
    assert TOKEN not in capsys.readouterr().out


def test_a_secret_goes_over_standard_input_and_is_shown_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    account = Account()
    carried_out(account)
    assert SECRET in account.given
    assert SECRET not in str(account.asked)
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err
    assert OPERATOR not in shown.out + shown.err


def test_what_fails_ends_the_deployment_there() -> None:
    account = Account(fails_on="migrations")
    with pytest.raises(ToolError):
        carried_out(account)
    assert not account.did("deploy")


def test_a_new_address_is_waited_for() -> None:
    early: list[httpx.Response | None] = [httpx.Response(522), None]

    def answer(request: httpx.Request) -> httpx.Response:
        if not early:
            return httpx.Response(200, json=HEALTHY | ORG)
        response = early.pop()
        if response is None:
            raise httpx.ConnectError("no such name", request=request)
        return response

    assert len(carried_out(Account(), answer)) == 7


def test_an_address_that_never_answers_is_given_up_with_its_last_word() -> None:
    refusal = httpx.Response(503, json={"code": "misconfigured"})
    with pytest.raises(ToolError, match=r"agents.*503 misconfigured"):
        carried_out(Account(), lambda _: refusal)
    assert PATIENCE_S < 600


def test_a_part_that_failed_is_named() -> None:
    parts = [{"name": "database", "status": "ok", "ms": 1}, {"name": "archives", "status": "failed", "ms": 9}]

    def answer(request: httpx.Request) -> httpx.Response:
        deep = request.url.path == "/healthz/deep"
        return httpx.Response(503 if deep else 200, json={"code": "part_failed", "status": 503, "parts": parts})

    with pytest.raises(ToolError, match="archives"):
        carried_out(Account(), answer)


def test_the_operator_shows_the_token_to_the_deployment_alone() -> None:
    requests = carried_out(Account())
    shown_to = {str(request.url) for request in requests if "authorization" in request.headers}
    assert shown_to == {"https://chat.harbour.test/healthz/deep", "https://chat.harbour.test/orgs"}


def test_without_the_operator_token_no_org_can_begin() -> None:
    with pytest.raises(ToolError, match="OPERATOR_TOKEN"):
        carried_out(Account(), keys=FakeKeys(token=None))
    carried_out(Account(orgs=1), keys=FakeKeys(token=None))


def test_an_org_that_is_refused_ends_it() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"code": "invalid_credential"}) if request.method == "POST" else healthy

    healthy = httpx.Response(200, json=HEALTHY)
    with pytest.raises(ToolError, match="invalid_credential"):
        carried_out(Account(), answer)
