"""What an org's agents used: runs, requests, tokens and tool calls, by day, group or agent."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from app.api import Model, PersonCall, endpoints, next_cursor, require_admin
from app.usage_store import Used
from shared.clock import day_of
from shared.errors import Forbidden, InvalidBody, InvalidCredential

_DEFAULT_DAYS: Final = 30


def _day(value: object) -> object:
    """Nothing but `2026-11-23`: a number or a time of the day is a mistake."""
    return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-11-23") else None


Day = Annotated[date, BeforeValidator(_day)]
By = Literal["day", "group", "agent"]


class UsageQuery(Model):
    """Days are in UTC, the first and the last included; left out, they are the thirty up to today.

    `after` is the `next` of the page before.
    """

    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    by: By = "day"
    after: Annotated[str, StringConstraints(max_length=64)] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 50

    def days(self, today: date) -> tuple[date, date]:
        last = self.to or max(today, self.from_ or today)
        first = self.from_ or date.fromordinal(max(last.toordinal() - _DEFAULT_DAYS + 1, 1))
        return first, last


class UsageTotals(Model):
    runs: int
    requests: int
    input_tokens: int
    output_tokens: int
    tool_calls: int


class UsageRow(UsageTotals):
    """`key` is a day, a group or an agent; `name` what the group or the agent is called."""

    key: str
    name: str | None


class UsageReport(Model):
    """`total` is of all days asked for, whatever is on this page."""

    first_day: str
    last_day: str
    by: By
    total: UsageTotals
    rows: tuple[UsageRow, ...]
    next: str | None


@endpoints.add("GET", "/usage", auth="person", errors=(InvalidCredential, Forbidden, InvalidBody))
async def read_usage(call: PersonCall, query: UsageQuery) -> UsageReport:
    """What the agents of your org used. Owners and admins."""
    require_admin(call.caller)
    first, last = (day.isoformat() for day in query.days(day_of(call.ports.clock())))
    org_id, store = call.caller.org_id, call.ports.usage
    rows = await store.page(org_id, first, last, query.by, query.after, query.limit + 1)
    return UsageReport(
        first_day=first,
        last_day=last,
        by=query.by,
        total=_totals(await store.total(org_id, first, last)),
        rows=tuple(
            UsageRow(key=row.key, name=row.name, **_totals(row.used).model_dump()) for row in rows[: query.limit]
        ),
        next=next_cursor([row.key for row in rows], query.limit),
    )


def _totals(used: Used) -> UsageTotals:
    return UsageTotals(
        runs=used.runs,
        requests=used.requests,
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        tool_calls=used.tool_calls,
    )
