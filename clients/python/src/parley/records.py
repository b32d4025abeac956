"""What the REST API answers.

Law: frozen values that mirror it; nothing here acts.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CreatedGroup:
    group_id: str
    status: str
    created_at: str


@dataclass(frozen=True, slots=True)
class GroupMember:
    user_id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class GroupAgent:
    agent_id: str
    handle: str
    name: str


@dataclass(frozen=True, slots=True)
class GroupRecord:
    group_id: str
    org_id: str
    title: str
    is_private: bool
    status: str
    created_at: str
    members: tuple[GroupMember, ...] = ()
    agents: tuple[GroupAgent, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """`model` is one of `provider`; `tools` are the names of those it may use."""

    id: str
    handle: str
    name: str
    provider: str = ""
    model: str = ""
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    role: str
    org_id: str = ""
    disabled_at: str | None = None


@dataclass(frozen=True, slots=True)
class Org:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CreatedOrg:
    """`token` is the owner's first, and shown this once."""

    org: Org
    owner: Person
    token: str


@dataclass(frozen=True, slots=True)
class NewToken:
    """`token` is shown this once."""

    id: str
    token: str
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token as it may be shown later: never its text."""

    id: str
    label: str
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None


@dataclass(frozen=True, slots=True)
class RoutingToken:
    routing_token: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class Archived:
    archived_at: str
    r2_path: str
