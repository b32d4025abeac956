from durable_objects.kept_bucket import QUIET_MS, KeptBucket
from tests.fakes import FakeSql

PER_MINUTE, BURST = 60, 10
START_MS = 1_764_000_000_000
SECOND_MS = 1000


class Object:
    """One person's object: its storage outlives its instances."""

    def __init__(self) -> None:
        self.sql = FakeSql()
        self.now_ms = START_MS
        self.rings: list[int] = []
        self.wake()

    def wake(self) -> None:
        self.bucket = KeptBucket(self.sql, lambda: self.now_ms, self.rings.append)

    def ask(self, wanted: int = 1) -> int:
        return self.bucket.take(wanted, PER_MINUTE, BURST)[0]


def test_a_bucket_begins_full_and_gives_no_more_than_it_holds() -> None:
    here = Object()
    assert here.ask(BURST + 5) == BURST
    assert here.ask() == 0


def test_a_bucket_gains_with_time() -> None:
    here = Object()
    here.ask(BURST)
    here.now_ms += 3 * SECOND_MS
    assert here.ask(BURST) == 3


def test_what_was_taken_is_remembered_by_the_next_instance() -> None:
    here = Object()
    here.ask(BURST)
    here.wake()
    assert here.ask() == 0


def test_the_object_rings_only_after_the_bucket_is_full_however_it_is_asked() -> None:
    here = Object()
    for _ in range(5000):
        here.ask()
        here.now_ms += 700
        full_ms = here.now_ms + BURST * SECOND_MS
        assert here.rings[-1] > here.now_ms
    here.ask(BURST)
    assert here.rings[-1] >= full_ms
    assert here.rings[-1] <= full_ms + QUIET_MS


def test_the_object_sets_its_ringing_once_in_a_while_and_not_at_every_question() -> None:
    here = Object()
    for _ in range(600):
        here.ask()
        here.now_ms += SECOND_MS
    assert len(here.rings) <= 2


def test_what_was_deleted_begins_anew() -> None:
    here = Object()
    here.ask(BURST)
    here.bucket.forget()
    here.sql.execute("DROP TABLE bucket")
    assert here.ask(BURST) == BURST


def test_a_question_is_one_statement() -> None:
    here = Object()
    here.ask()
    before = here.sql.statements
    here.ask()
    assert here.sql.statements == before + 1
