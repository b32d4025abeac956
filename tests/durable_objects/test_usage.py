"""What agents used reaches the directory: late if need be, and never twice."""

import json
from collections.abc import Mapping

from durable_objects.effects import Rang, ReportUsage, RunEnded
from durable_objects.renewal import TARGET as RENEWAL
from durable_objects.renewal import Sessions
from durable_objects.usage import RETRY_MS, SOON_MS, TARGET, report_usage
from shared.errors import Unavailable
from shared.ports import Reply
from shared.protocol import Usage
from shared.tokens import Tokens
from shared.usage import UsedOnDay
from tests.durable_objects.house import House
from tools.es256 import HostEs256


class Directory:
    """`shared.ports.Peer`: keeps the totals it is told, or is away."""

    def __init__(self) -> None:
        self.is_away = False
        self.totals: dict[tuple[str, str], UsedOnDay] = {}

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if self.is_away:
            raise Unavailable(reason="away")
        if target == RENEWAL:
            return Reply(200, json.dumps({"session_certificate": "new", "expires_s": 10**9}).encode())
        assert (method, target, headers["X-Session-Cert"] in ("cert", "new")) == ("POST", TARGET, True)
        for row in json.loads(body)["used"]:
            used = UsedOnDay.model_validate(row)
            self.totals[used.day.isoformat(), used.agent_id] = used
        return Reply(200, b'{"status":"ok"}')


async def report(house: House, directory: Directory) -> None:
    sessions = Sessions(house.group.room, directory, "http://o", Tokens(HostEs256()), lambda: "j" * 22)
    await report_usage(house.group.room, sessions)


def ask(house: House, name: str, tokens: int) -> None:
    house.sit("ada").say(f"@{name} hi")
    house.happen(RunEnded(house.running(name), "success", Usage(input_tokens=tokens, output_tokens=1, requests=1)))


def reports(house: House) -> int:
    return len([effect for effect in house.effects if isinstance(effect, ReportUsage)])


async def test_the_totals_are_the_sum_of_what_finished_runs_say() -> None:
    house, directory = House(("ada",), ("scribe", "librarian")), Directory()
    for name, tokens in (("scribe", 5), ("librarian", 7), ("scribe", 11)):
        ask(house, name, tokens)
        await report(house, directory)
    house.now_ms += 24 * 3_600_000
    ask(house, "scribe", 13)
    await report(house, directory)
    said = [event["data"]["usage"] for event in house.of_type("run.finished")]
    assert sum(row.input_tokens for row in directory.totals.values()) == sum(u["input_tokens"] for u in said) == 36
    assert sum(row.runs for row in directory.totals.values()) == len(said) == 4
    assert len(directory.totals) == 3


async def test_what_could_not_be_told_is_told_later_first_soon_and_then_less_often() -> None:
    house, directory = House(("ada",), ("scribe",)), Directory()
    directory.is_away = True
    ask(house, "scribe", 5)
    ask(house, "scribe", 6)
    assert reports(house) == 0
    house.now_ms += SOON_MS
    house.happen(Rang())
    assert reports(house) == 1, "both at once"
    try:
        await report(house, directory)
    except Unavailable:
        house.wake()
    for number, wait_ms in enumerate(RETRY_MS, 2):
        assert reports(house) == number
        house.now_ms += wait_ms
        house.happen(Rang())
    directory.is_away = False
    await report(house, directory)
    told = reports(house)
    house.now_ms += RETRY_MS[-1]
    house.happen(Rang())
    assert reports(house) == told
    assert [row.runs for row in directory.totals.values()] == [2]


async def test_a_run_that_ends_while_its_forerunner_is_told_is_told_as_well() -> None:
    house, directory = House(("ada",), ("scribe",)), Directory()
    ask(house, "scribe", 5)
    (heard,) = house.group.room.journal.runs.unreported(10)
    ask(house, "scribe", 5)
    house.group.room.journal.runs.reported(heard)
    await report(house, directory)
    assert [row.runs for row in directory.totals.values()] == [2]
