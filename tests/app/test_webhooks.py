"""The webhooks of an org as its people set them up, with groups that can be told of them or not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from app.auth import authenticate, token_digest
from app.infra import Infra
from app.routes import endpoints
from app.webhook_store import WEBHOOKS_LIMIT, WebhookStore
from shared.errors import Unavailable
from shared.http import Api
from shared.ids import new_id
from shared.ports import Reply, Row, SqlValue
from shared.signing import Signer
from shared.tokens import Tokens
from shared.webhooks import Forget, Withhold
from tests.app.test_health import Orchestrator, ports_with
from tests.fakes import FakeDatabase, FakeOutbox
from tests.shared.hostile import ES256

THEN = "1970-01-01T00:00:00.000Z"
NEW = {"url": "https://hooks.harbour.net/in", "events": ["run.finished", "message.created"], "label": "CRM"}
GROUPS = {"org_a": ("grp_1", "grp_2"), "org_b": ("grp_3",)}


@dataclass
class Groups(Orchestrator):
    """Tells groups of their rosters, but for those that are `away`."""

    away: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        assert (method, headers["Authorization"][:9], body) == ("POST", "GroupSig ", b"{}")
        group_id = target.removeprefix("/infra/groups/").removesuffix("/roster")
        if group_id in self.away:
            raise Unavailable(reason="away")
        self.told.append(group_id)
        return Reply(200, b'{"status":"ok"}')


class Office:
    """Two orgs with an owner each; Ben is a member of the first. Their bearers are their names."""

    def __init__(self) -> None:
        self.database, self.groups, self.outbox = FakeDatabase(), Groups(), FakeOutbox()
        self._furnish()
        ports = ports_with(None)
        signer = Signer(Tokens(ES256), ports.settings.signing_key, "app", "orchestrator", "https://o.test")
        self._ids = 0
        self.ports = replace(
            ports,
            store=type(ports.store)(self.database),
            webhooks=WebhookStore(self.database),
            outbox=self.outbox,
            infra=Infra(self.groups, signer, lambda: 0, lambda: "x" * 22),
            make_id=self._new_id,
        )
        api = Api(endpoints.rows, authenticate, self.ports, ports.log, self._new_id, ports.clock)
        self.client = AsyncClient(transport=ASGITransport(api.asgi()), base_url="https://app.test")

    def _furnish(self) -> None:
        insert = self.database.insert
        for org_id in GROUPS:
            insert("orgs", id=org_id, name="Org", created_at=THEN)
        for name, org_id, role in (
            ("ada", "org_a", "owner"),
            ("adam", "org_a", "admin"),
            ("ben", "org_a", "member"),
            ("eve", "org_b", "owner"),
        ):
            insert("people", id=name, org_id=org_id, name=name, role=role, created_at=THEN)
            insert("tokens", id=name, user_id=name, sha256=token_digest(name), label="t", created_at=THEN)
        for org_id, group_ids in GROUPS.items():
            for group_id in group_ids:
                row: dict[str, SqlValue] = {
                    "id": group_id,
                    "org_id": org_id,
                    "title": "T",
                    "is_private": 0,
                    "created_at": THEN,
                }
                insert("groups", **row, status="active", created_by="ada")

    def _new_id(self, prefix: str) -> str:
        self._ids += 1
        return new_id(prefix, 0, self._ids.to_bytes(10))

    async def ask(self, who: str, method: str, path: str = "", body: object = None) -> Response:
        headers = {"Authorization": f"Bearer {who}"}
        return await self.client.request(method, f"/webhooks{path}", headers=headers, json=body)

    async def create(self, **changed: object) -> dict[str, Any]:
        answer = await self.ask("ada", "POST", body={**NEW, **changed})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def versions(self) -> dict[str, int]:
        rows = await self.database.rows("SELECT id, version FROM groups")
        return {str(row["id"]): int(row["version"] or 0) for row in rows}


@pytest.fixture
def office() -> Office:
    return Office()


async def test_a_secret_is_shown_once_and_the_groups_of_the_org_are_told(office: Office) -> None:
    made = await office.create()
    assert made["secret"].startswith("whsec_")
    assert (made["told"], sorted(office.groups.told)) == (True, ["grp_1", "grp_2"])
    assert made["webhook"]["events"] == ["message.created", "run.finished"]
    assert made["webhook"]["enabled"] is True
    shown = (await office.ask("ada", "GET")).json()
    assert shown == {"webhooks": [made["webhook"]], "next": None}
    assert (await office.ask("ada", "GET", f"/{made['webhook']['id']}")).json() == made["webhook"]
    assert await office.versions() == {"grp_1": 2, "grp_2": 2, "grp_3": 1}


async def test_whoever_makes_one_gets_its_secret_though_a_group_could_not_be_told(office: Office) -> None:
    office.groups.away = {"grp_1"}
    made = await office.create()
    assert (made["told"], office.groups.told) == (False, ["grp_2"])
    again = await office.ask("ada", "PATCH", f"/{made['webhook']['id']}", {"enabled": True})
    assert again.status_code == 503
    office.groups.away = set()
    again = await office.ask("ada", "PATCH", f"/{made['webhook']['id']}", {"enabled": True})
    assert again.status_code == 200
    assert "grp_1" in office.groups.told


async def test_a_change_leaves_the_rest_as_it_was_and_the_secret_as_well(office: Office) -> None:
    made = await office.create()
    path = f"/{made['webhook']['id']}"
    changed = (await office.ask("ada", "PATCH", path, {"enabled": False, "events": ["group.archived"]})).json()
    assert changed == {**made["webhook"], "enabled": False, "events": ["group.archived"]}
    [row] = await office.database.rows("SELECT secret, enabled, events FROM webhooks")
    assert dict(row) == {"secret": made["secret"], "enabled": 0, "events": '["group.archived"]'}


async def test_a_change_of_what_has_changed_meanwhile_is_refused(office: Office) -> None:
    made = await office.create()
    path = f"/webhooks/{made['webhook']['id']}"
    headers = {"Authorization": "Bearer ada"}
    tag = (await office.client.get(path, headers=headers)).headers["etag"]
    (await office.client.patch(path, headers=headers, json={"label": "First"})).raise_for_status()
    late = await office.client.patch(path, headers={**headers, "If-Match": tag}, json={"label": "Second"})
    assert late.json()["code"] == "precondition_failed"


async def test_of_two_changes_at_once_one_is_told_to_ask_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await office.create()
    rows = office.database.rows

    async def late(statement: str, *parameters: SqlValue) -> list[Row]:
        if statement.startswith("UPDATE webhooks"):
            await rows("UPDATE webhooks SET label = 'First'")
        return await rows(statement, *parameters)

    monkeypatch.setattr(office.database, "rows", late)
    second = await office.ask("ada", "PATCH", f"/{made['webhook']['id']}", {"label": "Second"})
    assert second.json()["code"] == "conflict"


async def test_what_was_to_be_delivered_goes_with_the_webhook(office: Office) -> None:
    webhook_id = (await office.create())["webhook"]["id"]
    office.groups.away = {"grp_1"}
    assert (await office.ask("ada", "DELETE", f"/{webhook_id}")).status_code == 200
    assert office.outbox.told == [Forget(webhook_id=webhook_id)]
    assert (await office.ask("ada", "GET", f"/{webhook_id}")).status_code == 404


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/deliveries"), ("DELETE", "")])
async def test_others_see_none_of_it(office: Office, method: str, path: str) -> None:
    webhook_id = (await office.create())["webhook"]["id"]
    for known in (webhook_id, "whk_absent"):
        assert (await office.ask("ben", method, f"/{known}{path}")).json()["code"] == "forbidden"
        assert (await office.ask("eve", method, f"/{known}{path}")).json()["code"] == "not_found"
    assert (await office.ask("ben", "GET")).json()["code"] == "forbidden"
    assert (await office.ask("ben", "POST", body=NEW)).json()["code"] == "forbidden"
    assert (await office.ask("eve", "GET")).json() == {"webhooks": [], "next": None}


async def test_an_org_has_ten_and_no_more_whatever_others_have(office: Office) -> None:
    for _ in range(WEBHOOKS_LIMIT):
        await office.create()
    assert (await office.ask("ada", "POST", body=NEW)).json()["code"] == "conflict"
    assert (await office.ask("eve", "POST", body=NEW)).status_code == 201
    first = (await office.ask("ada", "GET", "?limit=6")).json()
    rest = (await office.ask("ada", "GET", f"?limit=6&after={first['next']}")).json()
    assert (len(first["webhooks"]), len(rest["webhooks"]), rest["next"]) == (6, 4, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "https://10.0.0.1/"},
        {"url": "http://hooks.harbour.net/"},
        {"url": "http://127.0.0.1:4000/in"},
        {"events": []},
        {"events": ["message.whispered"]},
        {"label": ""},
        {"secret": "whsec_mine"},
    ],
)
async def test_a_bad_one_is_refused(office: Office, wrong: dict[str, object]) -> None:
    assert (await office.ask("ada", "POST", body={**NEW, **wrong})).json()["code"] == "invalid_body"
    webhook_id = (await office.create())["webhook"]["id"]
    assert (await office.ask("ada", "PATCH", f"/{webhook_id}", wrong)).json()["code"] == "invalid_body"


# ── private groups ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_by_itself_no_webhook_is_told_what_is_said_in_private_groups(office: Office) -> None:
    shown = (await office.create())["webhook"]
    assert (shown["include_private"], shown["private_by"], shown["private_since"]) == (False, None, None)


async def test_an_owner_may_have_one_told_and_that_is_kept(office: Office) -> None:
    shown = (await office.create(include_private=True))["webhook"]
    assert (shown["include_private"], shown["private_by"], shown["private_since"]) == (True, "ada", THEN)
    later = (await office.create())["webhook"]
    changed = (await office.ask("ada", "PATCH", f"/{later['id']}", {"include_private": True})).json()
    assert changed == {**later, "include_private": True, "private_by": "ada", "private_since": THEN}
    assert (await office.ask("ada", "GET", f"/{later['id']}")).json() == changed


async def test_an_admin_may_not_have_one_told(office: Office) -> None:
    new = {**NEW, "include_private": True}
    assert (await office.ask("adam", "POST", body=new)).json()["code"] == "forbidden"
    assert (await office.ask("adam", "POST", body={**new, "include_private": False})).status_code == 201
    webhook_id = (await office.create())["webhook"]["id"]
    assert (await office.ask("adam", "PATCH", f"/{webhook_id}", {"include_private": True})).status_code == 403
    assert (await office.ask("adam", "PATCH", f"/{webhook_id}", {"label": "Mine"})).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://elsewhere.harbour.net/"},
        {"events": ["message.created", "message.edited"]},
        {"label": "Harmless"},
        {"enabled": False, "url": "https://elsewhere.harbour.net/"},
        {"include_private": False, "url": "https://elsewhere.harbour.net/"},
    ],
)
async def test_where_private_words_go_an_admin_may_not_change(office: Office, change: dict[str, object]) -> None:
    made = (await office.create(include_private=True))["webhook"]
    assert (await office.ask("adam", "PATCH", f"/{made['id']}", change)).json()["code"] == "forbidden"
    assert (await office.ask("ada", "GET", f"/{made['id']}")).json() == made
    assert (await office.ask("ada", "PATCH", f"/{made['id']}", change)).status_code == 200


async def test_an_admin_may_stop_one_and_not_start_it_again(office: Office) -> None:
    webhook_id = (await office.create(include_private=True))["webhook"]["id"]
    assert (await office.ask("adam", "PATCH", f"/{webhook_id}", {"enabled": False})).status_code == 200
    assert (await office.ask("adam", "PATCH", f"/{webhook_id}", {"enabled": True})).status_code == 403
    assert (await office.ask("ada", "PATCH", f"/{webhook_id}", {"enabled": True})).status_code == 200
    assert (await office.ask("adam", "DELETE", f"/{webhook_id}")).status_code == 200


async def test_what_waits_is_held_back_when_leave_is_taken_back_also_when_asked_again(office: Office) -> None:
    webhook_id = (await office.create(include_private=True))["webhook"]["id"]
    for _ in range(2):
        changed = (await office.ask("ada", "PATCH", f"/{webhook_id}", {"include_private": False})).json()
        assert (changed["include_private"], changed["private_by"], changed["private_since"]) == (False, None, None)
    assert office.outbox.told == [Withhold(webhook_id=webhook_id)] * 2
