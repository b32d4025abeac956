"""Whom an outbox tells and where, and what groups learn of it."""

import json

from orchestrator.store import Store
from orchestrator.webhook_store import WebhookStore
from tests.fakes import FakeDatabase
from tests.orchestrator.office import ADA, GROUP, LONG_AGO, ORG, OTHER_GROUP, OTHER_ORG, Office


def add(
    database: FakeDatabase, name: str, org_id: str, *events: str, enabled: int = 1, private_by: str | None = None
) -> None:
    row = {"id": name, "org_id": org_id, "label": name, "url": f"https://{name}.test", "secret": f"whsec_{name}"}
    database.insert(
        "webhooks", **row, events=json.dumps(events), enabled=enabled, created_at=LONG_AGO, private_by=private_by
    )


async def test_a_roster_names_what_anybody_in_the_org_wants_and_nobody_else() -> None:
    office = Office()
    add(office.database, "a", ORG, "message.created", "run.finished")
    add(office.database, "b", ORG, "message.created", "group.archived")
    add(office.database, "off", ORG, "member.left", enabled=0)
    rosters = [await Store(office.database).roster(group_id) for group_id in (GROUP, OTHER_GROUP)]
    hooks = [roster.hooks for roster in rosters if roster is not None]
    assert hooks == [("group.archived", "message.created", "run.finished"), ()]


async def test_an_outbox_finds_those_that_are_enabled_in_its_org() -> None:
    office = Office()
    add(office.database, "a", ORG, "message.created")
    add(office.database, "off", ORG, "message.created", enabled=0)
    add(office.database, "foreign", OTHER_ORG, "message.created")
    store = WebhookStore(office.database)
    assert [one.webhook_id for one in await store.subscribers(ORG, GROUP)] == ["a"]
    found = await store.webhook("a")
    assert found is not None
    assert (found.url, found.secret, found.is_enabled) == ("https://a.test", "whsec_a", True)
    await store.disable("a")
    assert await store.subscribers(ORG, GROUP) == []
    assert await store.webhook("absent") is None


async def test_the_words_of_a_private_group_are_for_those_alone_that_an_owner_has_let() -> None:
    office = Office()
    add(office.database, "a", ORG, "message.created")
    add(office.database, "let", ORG, "message.created", private_by=ADA)
    store = WebhookStore(office.database)

    async def hear(group_id: str) -> dict[str, bool]:
        return {one.webhook_id: one.hears_words for one in await store.subscribers(ORG, group_id)}

    for is_private, all_hear in ((1, False), (0, True)):
        await office.database.rows("UPDATE groups SET is_private = ? WHERE id = ?", is_private, GROUP)
        assert await hear(GROUP) == {"a": all_hear, "let": True}
    for unknown in ("grp_absent", OTHER_GROUP):
        assert await hear(unknown) == {"a": False, "let": True}
