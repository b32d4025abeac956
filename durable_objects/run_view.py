"""One run for one reader: what there is of it, as frames, and whether that is all.

Law: pure. The frames are those of the wire, but for the first one, which says what run this is.
"""

from typing import Literal

from durable_objects.journal import event_data
from durable_objects.room import Room
from durable_objects.run_journal import Run
from shared.errors import NotFound
from shared.protocol import MessageCreated
from shared.replies import RunDelta
from shared.wire import Wire


class RunFrame(Wire):
    """How a run stands now: `length` code points of its text exist."""

    type: Literal["run"] = "run"
    run_id: str
    agent_id: str
    trigger: int
    length: int
    status: str


def run_view(room: Room, user_id: str, run_id: str, offset: int) -> tuple[list[str], bool]:
    """The run's frames so far, its text from `offset` on, and whether nothing more will come.

    Raises Forbidden for somebody who is not a member, NotFound for a run that is not, or not theirs to see.
    """
    room.member(user_id)
    run = room.journal.runs.find(run_id)
    if run is None or run.purpose == "select" or run.trigger < room.first_seq(user_id):
        raise NotFound("There is no such run")
    text = _text(room, run)
    begun = RunFrame(run_id=run.run_id, agent_id=run.agent_id, trigger=run.trigger, length=len(text), status=run.status)
    frames = [begun.model_dump_json()]
    if offset < len(text):
        delta = RunDelta(run_id=run.run_id, agent_id=run.agent_id, offset=offset, text=text[offset:])
        frames.append(delta.model_dump_json())
    ending = None if run.finished_seq is None else room.journal.event(run.finished_seq)
    return ([*frames, ending[1]], True) if ending is not None else (frames, False)


def _text(room: Room, run: Run) -> str:
    """What was streamed. Once it is a message, that message as it was created; nothing when it was deleted."""
    if run.message_seq is None:
        return room.journal.runs.text(run.run_id)
    message = room.journal.event(run.message_seq)
    if message is None or room.journal.is_deleted(run.message_seq):
        return ""
    return MessageCreated.model_validate(event_data(message[1])["data"], strict=False).text
