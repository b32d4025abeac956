"""A past that was written in bulk is the one that the product would have written."""

from bench.filling import STATEMENT
from durable_objects.journal import Journal
from shared.protocol import Event
from tests.fakes import FakeSql


def test_filled_events_are_stored_as_the_product_stores_them() -> None:
    sql = FakeSql()
    journal = Journal(sql)
    values = {"first": 1, "last": 3, "sender": "usr_1", "name": "Ada", "epoch": "epo_1", "digest": "0" * 64}
    sql._database.execute(STATEMENT, values)
    bodies = journal.after(0, 10)
    events = [Event.model_validate_json(body, strict=False) for body in bodies]
    assert [event.text() for event in events] == bodies
    assert [event.seq for event in events] == [1, 2, 3]
    sent = journal.sent("usr_1", "fill-2")
    assert sent is not None
    assert sent.seq == 2
    sql.close()
