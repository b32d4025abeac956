import asyncio
import json

import pytest

from shared.log import Log
from shared.trace import TRACE_HEADER, Trace, current, enter, headers, leave

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE_ID}-{SPAN_ID}-01"


def test_a_trace_from_outside_goes_on_under_a_part_of_its_own() -> None:
    trace = Trace.entered(HEADER, "req_1")
    assert (trace.trace_id, trace.parent_id) == (TRACE_ID, SPAN_ID)
    assert trace.span_id != SPAN_ID
    assert trace.header == f"00-{TRACE_ID}-{trace.span_id}-01"


def test_a_caller_that_does_not_want_to_be_sampled_is_passed_on_as_such() -> None:
    assert Trace.entered(HEADER[:-2] + "00", "req_1").header.endswith("-00")


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    assert Trace.entered(f"01-{TRACE_ID}-{SPAN_ID}-01-more", "req_1").header.startswith(f"00-{TRACE_ID}-")


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "garbage", HEADER.upper(), HEADER + "\n", HEADER + "-more", HEADER.replace("00-", "ff-", 1)),
        *(f"00-{'0' * 32}-{SPAN_ID}-01", f"00-{TRACE_ID}-{'0' * 16}-01", f"00-{TRACE_ID[1:]}-{SPAN_ID}-01"),
        *(f"00-{TRACE_ID}-{SPAN_ID}", f"00-{TRACE_ID}-{SPAN_ID}-zz", f"01-{TRACE_ID}-{SPAN_ID}-01-" + "x" * 65),
        HEADER.replace("4", chr(0xFF14), 1),
    ],
)
def test_what_is_not_well_formed_begins_a_new_trace(header: str | None) -> None:
    trace = Trace.entered(header, "req_1")
    assert trace.trace_id != TRACE_ID
    assert trace.parent_id is None
    assert Trace.entered(trace.header, "req_2").trace_id == trace.trace_id


def test_two_requests_begin_two_traces() -> None:
    assert Trace.entered(None, "req_1").trace_id != Trace.entered(None, "req_2").trace_id


async def test_a_task_goes_on_with_the_trace_it_was_started_in_and_changes_nobody_elses() -> None:
    async def work(seed: str) -> Trace:
        return enter(None, seed)

    outer = enter(HEADER, "req_1")
    inner = await asyncio.gather(asyncio.create_task(work("run_1")), asyncio.create_task(work("run_2")))
    assert current() == outer
    assert {trace.parent_id for trace in inner} == {outer.span_id}
    assert headers() == {TRACE_HEADER: outer.header}
    leave()
    assert current() is None


async def test_every_line_of_the_log_says_which_trace_it_belongs_to() -> None:
    lines: list[str] = []
    log = Log(lines.append, lambda: 0, "app")

    async def request() -> None:
        enter(HEADER, "req_1")
        log("request", status=200)

    await asyncio.create_task(request())
    log("started")
    first, second = map(json.loads, lines)
    assert (first["trace_id"], first["parent_id"], first["status"]) == (TRACE_ID, SPAN_ID, 200)
    assert "trace_id" not in second
    assert headers() == {}
