"""Requests for one turn, as a Group Controller makes them."""

from collections.abc import Sequence
from typing import Literal

from shared.agent_api import AgentProfile, AgentRunRequest, DeferredToolResults, RunContext, TurnMessage
from shared.protocol import Actor, ActorKind, Agent, Member

RUN_ID = "run_" + "0" * 26
GROUP_ID = "grp_" + "0" * 26
NAMES = {"ada": "Ada", "ben": "Ben", "helper": "Helper", "other": "Other"}


def identity(name: str, kind: ActorKind) -> str:
    """The same id for the same short name."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    tail = "".join(alphabet[ord(letter) % 32] for letter in name).rjust(26, "0")
    return ("agt_" if kind == "agent" else "usr_") + tail


def said(seq: int, who: str, text: str, *, kind: ActorKind = "user", name: str | None = None) -> TurnMessage:
    sender = Actor(kind=kind, id=identity(who, kind), name=NAMES.get(who, who) if name is None else name)
    return TurnMessage(seq=seq, ts="2026-11-23T09:00:00.000Z", sender=sender, text=text)


def request(
    *messages: TurnMessage,
    trigger: int | None = None,
    provider: str = "stub",
    model: str = "small",
    instructions: str = "",
    title: str = "Kitchen",
    members: dict[str, str] | None = None,
    tools: Sequence[str] = (),
    deferred: DeferredToolResults | None = None,
    token_limit: int | None = None,
    candidates: dict[str, str] | None = None,
) -> AgentRunRequest:
    """A turn of the agent `helper`; without a trigger the last message asks. `candidates` are names by handles, and
    make it a turn that only decides who of them answers.
    """
    agent_id = identity("helper", "agent")
    purpose: Literal["answer", "select"] = "answer" if candidates is None else "select"
    people = {"ada": "Ada", "ben": "Ben"} if members is None else members
    return AgentRunRequest(
        agent_id=agent_id,
        messages=messages,
        context=RunContext(
            group_id=GROUP_ID,
            run_id=RUN_ID,
            title=title,
            trigger=trigger or messages[-1].seq,
            agent=AgentProfile(
                id=agent_id,
                handle="helper",
                name="Helper",
                provider=provider,
                model=model,
                instructions=instructions,
                tools=tuple(tools),
            ),
            members=tuple(Member(id=identity(who, "user"), name=name, role="member") for who, name in people.items()),
            requested_by=Actor(kind="user", id=identity("ada", "user"), name="Ada"),
            purpose=purpose,
            candidates=tuple(
                Agent(id=identity(handle, "agent"), handle=handle, name=name)
                for handle, name in (candidates or {}).items()
            ),
            output_token_limit=token_limit,
        ),
        deferred=deferred,
    )
