from collections.abc import Iterator

import pytest

from durable_objects.used_once import MARGIN_S, UsedOnce
from tests.fakes import FakeSql

NOW_S = 1_800_000_000


@pytest.fixture
def sql() -> Iterator[FakeSql]:
    sql = FakeSql()
    yield sql
    sql.close()


def remembered(sql: FakeSql) -> list[object]:
    return [row[0] for row in sql.execute("SELECT jti FROM used ORDER BY jti")]


def test_the_second_use_is_refused_also_by_the_next_instance(sql: FakeSql) -> None:
    assert UsedOnce(sql).claim("a", NOW_S + 35, NOW_S)
    for instance in (UsedOnce(sql), UsedOnce(sql)):
        assert not instance.claim("a", NOW_S + 35, NOW_S)
    assert UsedOnce(sql).claim("b", NOW_S + 35, NOW_S), "another one is another one"


def test_it_is_refused_for_a_minute_longer_than_its_credential_lives_and_then_forgotten(sql: FakeSql) -> None:
    used = UsedOnce(sql)
    assert used.claim("a", NOW_S, NOW_S)
    assert used.claim("later", NOW_S + 60, NOW_S)
    assert not used.claim("a", NOW_S, NOW_S + 60)
    assert remembered(sql) == ["a", "later"]
    assert MARGIN_S == 60
    assert used.claim("new", NOW_S + 100, NOW_S + 61)
    assert remembered(sql) == ["later", "new"]


def test_forgetting_looks_at_no_more_than_what_is_forgotten(sql: FakeSql) -> None:
    UsedOnce(sql)
    [plan] = sql.execute("EXPLAIN QUERY PLAN DELETE FROM used WHERE until_s < ?", NOW_S)
    assert "SEARCH used USING" in str(plan[3])
