"""What the Orchestrator may ask of a Group Controller, once it has verified who asks.

Law: types only; every call is one frozen model, every answer one text: `{"ok": …}` or `{"error": …}`.
RPC loses an exception's class, so errors travel as values.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shared.agent_api import AgentProfile
from shared.keys import PrivateKey
from shared.protocol import SYSTEM, Actor, History, Member, Send, TurnSettings
from shared.replies import MessageState
from shared.search import Search


class _Call(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Roster(_Call):
    """The group as the directory knows it now. Newer versions replace older ones; the difference becomes events."""

    org_id: str
    group_id: str
    title: str
    history_visibility: Literal["all", "since_join"] = "all"
    turns: TurnSettings = TurnSettings()
    version: int
    members: tuple[Member, ...]
    agents: tuple[AgentProfile, ...]
    hooks: tuple[str, ...] = ()
    """The types of events that webhooks of the org want."""


class OpenSession(_Call):
    """A session's key and certificate, and the roster it starts with."""

    call: Literal["open_session"] = "open_session"
    controller_id: str
    session_epoch: int
    private_key: PrivateKey
    certificate: str
    certificate_expires_s: int
    roster: Roster


class SetRoster(_Call):
    call: Literal["set_roster"] = "set_roster"
    roster: Roster


class ReadHistory(_Call):
    call: Literal["read_history"] = "read_history"
    user_id: str
    query: History


class SearchHistory(_Call):
    call: Literal["search_history"] = "search_history"
    user_id: str
    query: Search


class PostMessage(_Call):
    call: Literal["post_message"] = "post_message"
    user_id: str
    message: Send


class Disconnect(_Call):
    """Close this person's sockets that were opened under an older access version, and let none in any more."""

    call: Literal["disconnect"] = "disconnect"
    user_id: str
    access_version: int
    code: Literal[4001, 4503]


class Archive(_Call):
    call: Literal["archive"] = "archive"
    user_id: str
    reason: str


class Restore(_Call):
    """Live again. `r2_path` is the archive that the log is read from when this object has none any more, `head` how its
    chain ends.
    """

    call: Literal["restore"] = "restore"
    by: Actor
    reason: str
    r2_path: str
    head: str
    opening: OpenSession


class DeleteGroup(_Call):
    """For good. `opening` serves a controller that knows nothing of the group any more."""

    call: Literal["delete"] = "delete"
    by: Actor
    reason: str
    opening: OpenSession


class ArchivedLog(_Call):
    """Where the directory says that a group's log lies, and a session to sign for it: the one it had may have ended."""

    r2_path: str
    head: str
    opening: OpenSession


class ErasePerson(_Call):
    """Take out what this person said, and their name. `roster` is the group without them."""

    call: Literal["erase_person"] = "erase_person"
    user_id: str
    by: Actor = SYSTEM
    roster: Roster
    archive: ArchivedLog | None = None


class ReadAuthored(_Call):
    """A page of one person's own messages, as they stand; they need not be a member any more."""

    call: Literal["read_authored"] = "read_authored"
    user_id: str
    after: int
    limit: int
    archive: ArchivedLog | None = None


ControllerCall = Annotated[
    OpenSession
    | SetRoster
    | ReadHistory
    | SearchHistory
    | PostMessage
    | Disconnect
    | Archive
    | Restore
    | DeleteGroup
    | ErasePerson
    | ReadAuthored,
    Field(discriminator="call"),
]
CONTROLLER_CALL: Final[TypeAdapter[ControllerCall]] = TypeAdapter(ControllerCall)


class Done(_Call):
    """The answer of calls that have nothing to tell."""


class RosterSet(_Call):
    """`covered`: the session's certificate names the agents of this roster; otherwise a new session is due."""

    covered: bool


class Life(_Call):
    """Where the group is now."""

    status: Literal["active", "archiving", "archived", "deleting"]


class Archived(_Call):
    archived_at: str
    r2_path: str


class AuthoredPage(_Call):
    """In the order of their seqs; `more` when there are further ones behind the last."""

    messages: tuple[MessageState, ...]
    more: bool
