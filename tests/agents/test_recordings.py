"""A tape belongs to one request of one run of one group."""

from agents.recordings import tape_name
from shared.agent_api import AgentRunRequest
from tests.agents.turns import request, said

ASKED = request(said(3, "ada", "Hello"))


def changed(**context: object) -> AgentRunRequest:
    return ASKED.model_copy(update={"context": ASKED.context.model_copy(update=context)})


def test_the_same_request_is_the_same_tape_and_any_other_another() -> None:
    others = [
        changed(group_id="grp_" + "1" * 26),
        changed(run_id="run_" + "1" * 26),
        changed(title="Other"),
        request(said(3, "ada", "Hello!")),
    ]
    assert tape_name(request(said(3, "ada", "Hello"))) == tape_name(ASKED)
    assert len({tape_name(asked) for asked in (ASKED, *others)}) == 5
