"""The rules of one group, each noun once, wired to each other.

Law: wiring only. What a noun may do stands in its own file.
"""

from dataclasses import dataclass
from typing import Self

from durable_objects.approvals import Approvals
from durable_objects.deferrals import Deferrals
from durable_objects.group_tools import GroupTools
from durable_objects.messages import Messages
from durable_objects.presence import Present
from durable_objects.prompts import Prompts
from durable_objects.room import Room
from durable_objects.runs import Runs
from durable_objects.turn_taking import TurnTaking
from durable_objects.usage import UsageReports
from durable_objects.webhook_feed import WebhookFeed


@dataclass(frozen=True)
class Rules:
    room: Room
    messages: Messages
    present: Present
    prompts: Prompts
    approvals: Approvals
    runs: Runs
    turn_taking: TurnTaking
    deferrals: Deferrals
    usage: UsageReports
    webhooks: WebhookFeed

    @classmethod
    def of(cls, room: Room, present: Present) -> Self:
        messages, approvals, usage = Messages(room), Approvals(room), UsageReports(room)
        runs = Runs(room, approvals, usage)
        turn_taking = TurnTaking(room, runs)
        return cls(
            room=room,
            messages=messages,
            present=present,
            prompts=Prompts(room),
            approvals=approvals,
            runs=runs,
            turn_taking=turn_taking,
            deferrals=Deferrals(room, runs, turn_taking, approvals, GroupTools(room)),
            usage=usage,
            webhooks=WebhookFeed(room),
        )
