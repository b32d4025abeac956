"""What a test needs of the running stack: addresses, keys, an org with people in it."""

import json
import secrets
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from shared.keys import PrivateKey, b64url
from shared.signing import Audience, Signer
from shared.tokens import Tokens
from tests.e2e.issuer import Issuer
from tools.es256 import HostEs256
from tools.local import APP_ID, LocalKeys, local_keys, overrides, register_app_key
from tools.stack import Ports, Stack

ROOT = Path(__file__).resolve().parent.parent.parent
TOKENS = Tokens(HostEs256())
# Nothing here leaves the machine. By default httpx reads every root certificate for each call, which takes it thirty
# times as long as the call itself.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def new_jti() -> str:
    return b64url(secrets.token_bytes(16))


@dataclass(frozen=True)
class Deployment:
    stack: Stack
    keys: LocalKeys
    log_lines: list[str]
    """All of them since the start, while the stack itself keeps the latest."""
    issuer: Issuer = field(default_factory=lambda: Issuer(""))
    """The identity provider that the App trusts."""

    def origin(self, worker: str) -> str:
        return self.stack.origins[worker]

    def request(self, method: str, url: str, **more: Any) -> httpx.Response:  # noqa: ANN401 -- httpx's own arguments
        return httpx.request(method, url, timeout=60, verify=NO_TLS, **more)

    def app_signer(self, key: PrivateKey | None = None) -> Signer:
        return Signer(TOKENS, key or self.keys.app, APP_ID, "orchestrator", self.origin("orchestrator"))

    def session_signer(self, opened: Mapping[str, Any], audience: Audience) -> Signer:
        """Signs as the Group Controller whose session `POST /infra/groups` has opened."""
        key = PrivateKey.model_validate(opened["session_private_key"])
        origin = self.origin(audience)
        return Signer(TOKENS, key, opened["group_controller_id"], audience, origin, opened["session_certificate"])

    def post_signed(
        self, signer: Signer, target: str, body: object, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        raw = json.dumps(body).encode()
        signed = signer.headers("POST", target, raw, now_s=int(time.time()), jti=new_jti())
        return self.request("POST", signer.origin + target, content=raw, headers=signed | dict(headers or {}))

    def new_team(self) -> "Team":
        operator = {"Authorization": f"Bearer {self.keys.operator_token}"}
        new = {"name": "Harbour Kitchen", "owner_name": "Ada"}
        org = self.request("POST", f"{self.origin('app')}/orgs", json=new, headers=operator).json()
        team = Team(self, org["org"]["id"], {"ada": org["owner"]["id"]}, {"ada": org["token"]})
        for name in ("ben", "cleo"):
            team.ids[name] = team.post("ada", "/people", {"name": name.title()})["id"]
            team.bearers[name] = team.post("ada", f"/people/{team.ids[name]}/tokens", {"label": "test"})["token"]
        scribe = {"handle": "scribe", "name": "Scribe", "provider": "builtin", "model": "scribe"}
        team.ids["scribe"] = team.post("ada", "/agents", scribe)["id"]
        return team


@dataclass(frozen=True)
class Team:
    """An org: people and agents by short names."""

    deployment: Deployment
    org_id: str
    ids: dict[str, str]
    bearers: dict[str, str]

    def call(self, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.bearers[who]}"}
        url = self.deployment.origin("app") + path
        if body is None:
            return self.deployment.request(method, url, headers=headers)
        return self.deployment.request(method, url, headers=headers, json=body)

    def get(self, who: str, path: str) -> dict[str, Any]:
        return _answered(self.call(who, "GET", path))

    def post(self, who: str, path: str, body: object = None) -> dict[str, Any]:
        return _answered(self.call(who, "POST", path, body))

    def new_group(self, *others: str, is_private: bool = True, agents: tuple[str, ...] = ("scribe",)) -> str:
        """A group that Ada owns, with these people in it."""
        agent_ids = [self.ids[agent] for agent in agents]
        new = {"org_id": self.org_id, "title": "Test", "is_private": is_private, "agent_ids": agent_ids}
        group_id = str(self.post("ada", "/groups", new)["group_id"])
        for name in others:
            self.post("ada", f"/groups/{group_id}/members", {"user_id": self.ids[name], "role": "member"})
        return group_id

    def open_session(self, group_id: str) -> dict[str, Any]:
        """What `POST /infra/groups` gives to an app."""
        body = {"group_id": group_id, "org_id": self.org_id, "user_id": self.ids["ada"]}
        return _answered(self.deployment.post_signed(self.deployment.app_signer(), "/infra/groups", body))


@contextmanager
def deployment_told(
    keys_folder: Path, told: Mapping[str, Mapping[str, str]], root: Path = ROOT
) -> Iterator[Deployment]:
    """A stack of its own, whose Workers are told otherwise; `told` is by their names."""
    keys, ports = local_keys(keys_folder), Ports(0, 0, 0).resolve()
    settings = {worker: {**own, **told.get(worker, {})} for worker, own in overrides(keys, ports).items()}
    lines: list[str] = []
    with Stack.start(
        root=root, ports=ports, state_dir=None, overrides=settings, on_log=lambda _, line: lines.append(line)
    ) as stack:
        stack.migrate()
        register_app_key(stack, keys)
        yield Deployment(stack, keys, lines)


def _answered(response: httpx.Response) -> dict[str, Any]:
    assert response.is_success, f"{response.request.method} {response.request.url}: {response.text}"
    return dict(response.json())
