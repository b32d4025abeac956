"""Carrying a plan out, step by step, against Cloudflare and the addresses of the deployment.

Law: what to do is the plan's; here is only how. A step that fails ends the deployment, with a sentence that says which.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx

from tools.console import ToolError, out, working
from tools.deploy.plan import (
    COUNTING_ORGS,
    MIGRATING,
    AskEveryPart,
    AskHealth,
    BeginOrg,
    Ensure,
    MakeKeys,
    Migrate,
    Publish,
    PutSecret,
    Step,
    publishing,
)
from tools.deploy.wrangler import RunWrangler

PATIENCE_S: Final = 180.0
POLL_S: Final = 3.0
_OK: Final = 200


class Keys(Protocol):
    """The keys of this deployment, as far as this machine has them."""

    def ensure(self) -> str:
        """Makes them where there are none, takes what is due; says what it did. Raises ToolError."""
        ...

    def operator_token(self) -> str | None: ...


@dataclass(frozen=True)
class Hands:
    """What a plan is carried out with; `pause` waits that many seconds."""

    wrangler: RunWrangler
    keys: Keys
    environment: Mapping[str, str]
    web: httpx.Client
    pause: Callable[[float], None]

    def operator(self) -> dict[str, str] | None:
        token = self.environment.get("OPERATOR_TOKEN") or self.keys.operator_token()
        return {"Authorization": f"Bearer {token}"} if token else None


def carry_out(steps: list[Step], hands: Hands) -> None:
    """Raises ToolError at the first step that fails; all of it may be run again."""
    for step in steps:
        with working(step.title) as say:
            say(_done(step, hands))


def _done(step: Step, hands: Hands) -> str:
    """Does one step and says how it went."""
    match step:
        case Ensure(look=look, make=make):
            if step.is_listed(hands.wrangler(look, "")):
                return "is there"
            hands.wrangler(make, "")
            return "created"
        case Migrate():
            hands.wrangler((*MIGRATING, "--remote"), "")
            return "applied"
        case MakeKeys():
            return hands.keys.ensure()
        case PutSecret(_, worker, name):
            hands.wrangler(("secret", "put", name, "-e", worker), hands.environment[name])
            return "put in"
        case Publish(_, worker):
            return upload_size(hands.wrangler(publishing(worker), ""))
        case AskHealth(_, url):
            return _healthy(hands, url)
        case AskEveryPart(_, url):
            return _every_part(hands, url)
        case BeginOrg():
            return _org_begun(hands, step)


def upload_size(output: str) -> str:
    """wrangler's own word on what it uploads."""
    found = [line for line in output.splitlines() if line.startswith("Total Upload:")]
    return found[0].removeprefix("Total Upload: ") if found else ""


def _healthy(hands: Hands, url: str) -> str:
    """Waits for it: names and certificates of a new address take a minute or two."""
    waited_s, last = 0.0, "no answer"
    while waited_s <= PATIENCE_S:
        try:
            answer = hands.web.get(url)
            if answer.status_code == _OK:
                return url
            last = f"{answer.status_code} {_code(answer)}".strip()
        except httpx.TransportError as exc:
            last = type(exc).__name__
        hands.pause(POLL_S)
        waited_s += POLL_S
    raise ToolError(f"{url} does not answer as it should ({last}); `npx wrangler tail` shows what the Worker says.")


def _every_part(hands: Hands, url: str) -> str:
    operator = hands.operator()
    if operator is None:
        return "not asked: the operator token is elsewhere (OPERATOR_TOKEN)"
    answer = hands.web.get(url, headers=operator)
    parts = _json(answer).get("parts", [])
    if failed := [part["name"] for part in parts if part["status"] != "ok"]:
        raise ToolError(f"These parts of the deployment failed: {', '.join(failed)}; see docs/operate.md.")
    if answer.status_code != _OK:
        raise ToolError(f"{url} answered {answer.status_code} {_code(answer)}.")
    return ", ".join(part["name"] for part in parts)


def _org_begun(hands: Hands, step: BeginOrg) -> str:
    if json.loads(hands.wrangler(COUNTING_ORGS, ""))[0]["results"][0]["orgs"]:
        return "is there"
    operator = hands.operator()
    if operator is None:
        raise ToolError("There is no org yet, and making one takes the operator token: give it as OPERATOR_TOKEN.")
    new = {"name": step.org.name, "owner_name": step.org.owner}
    answer = hands.web.post(step.url, json=new, headers=operator)
    made = _json(answer)
    if not answer.is_success:
        raise ToolError(f"The first org was refused: {answer.status_code} {_code(answer)}.")
    out.print(f"\n  {step.org.name} begins. {step.org.owner}'s token, shown this once: [bold]{made['token']}[/bold]")
    return f"{made['org']['id']}, owner {made['owner']['id']}"


def _code(answer: httpx.Response) -> str:
    return str(_json(answer).get("code", ""))


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
