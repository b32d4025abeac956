"""What a request costs: how often it goes to the database, each time a round trip to wherever that lies."""

from collections.abc import AsyncIterator, Sequence

import pytest

from shared.ports import Row, SqlValue, Statement
from tests.app.directory import PRIVATE, Directory, the
from tests.fakes import FakeDatabase


class Counting(FakeDatabase):
    trips = 0

    async def rows(self, statement: str, *parameters: SqlValue) -> list[Row]:
        self.trips += 1
        return await super().rows(statement, *parameters)

    async def batch(self, statements: Sequence[Statement]) -> list[list[Row]]:
        before = self.trips
        found = await super().batch(statements)
        self.trips = before + 1
        return found


@pytest.fixture
async def directory() -> AsyncIterator[Directory]:
    directory = Directory(database=Counting())
    yield directory
    await directory.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "trips"),
    [
        ("GET", "/me", None, 1),
        ("POST", f"/groups/{PRIVATE}/token", None, 1),
        ("GET", f"/groups/{PRIVATE}/messages", None, 1),
        ("POST", f"/groups/{PRIVATE}/messages", {"client_msg_id": "1", "text": "Hello"}, 1),
        ("GET", f"/groups/{PRIVATE}", None, 2),
        ("GET", f"/groups/{PRIVATE}/members/{the('usr', 'mia')}", None, 2),
        ("PATCH", f"/groups/{PRIVATE}", {"title": "Kitchen"}, 5),
    ],
)
async def test_a_request_goes_to_the_database_so_often_and_no_more(
    directory: Directory, method: str, path: str, body: object, trips: int
) -> None:
    if method == "POST" and body is not None:
        directory.orchestrator.said = {"seq": 1, "ts": "2026-11-25T00:00:00.000Z", "duplicate": False}
    answer = await directory.ask("gus", method, path, body)
    assert answer.is_success, answer.text
    assert isinstance(directory.database, Counting)
    assert directory.database.trips == trips


async def test_what_a_change_answers_was_read_after_it(directory: Directory) -> None:
    answer = await directory.ask("gus", "PATCH", f"/groups/{PRIVATE}", {"title": "Kitchen"})
    assert answer.json()["title"] == "Kitchen"
