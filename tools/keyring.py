"""The keys of a deployment through their lives: known before they sign, and known until nothing of theirs is alive.

Law: pure; time and fresh keys are arguments, seconds are Unix seconds. What is written down here is what a deployment
is to be told; a step counts from when it was carried out, not from when it was decided.
"""

from dataclasses import dataclass
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict

from orchestrator.api import LAPSED_S
from shared.keys import PrivateKey
from shared.tokens import SESSION

_DAY_S: Final = 24 * 3600
Role = Literal["app", "orchestrator"]


@dataclass(frozen=True)
class Terms:
    """`lead_s`: how long a key is known before it signs. `tail_s`: how long it stays known when another one signs."""

    lead_s: int
    tail_s: int


# Key sets are kept for five minutes, and a Worker's instances may outlive a change of its secrets by some: ten minutes
# are enough for both. What the app signs is over after half a minute. A certificate lives for a day, and a group that
# slept renews it up to LAPSED_S later, for which its signature must still be good.
LEAD_S: Final = 600
TERMS: Final[dict[Role, Terms]] = {
    "app": Terms(LEAD_S, LEAD_S),
    "orchestrator": Terms(LEAD_S, SESSION.life_s + LAPSED_S + _DAY_S),
}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Successor(_Record):
    """Known and not yet signing; `known_s` is None until the deployment has been told of it."""

    key: PrivateKey
    known_s: int | None = None


class Predecessor(_Record):
    """Known and signing no more; `until_s` is None until the deployment has been told of the change."""

    key: PrivateKey
    until_s: int | None = None


class Ring(_Record):
    """The keys of one signer."""

    signing: PrivateKey
    successor: Successor | None = None
    predecessors: tuple[Predecessor, ...] = ()

    @property
    def known(self) -> tuple[PrivateKey, ...]:
        """All that are to be believed, the one that signs first."""
        coming = (self.successor.key,) if self.successor else ()
        return (self.signing, *coming, *(old.key for old in self.predecessors))

    def begun(self, fresh: PrivateKey) -> Self:
        """A rotation has begun: this key will follow. Raises ValueError while another one is under way."""
        if self.successor is not None:
            raise ValueError("a rotation is under way already")
        return self.model_copy(update={"successor": Successor(key=fresh)})

    def revoked(self, fresh: PrivateKey) -> Self:
        """This key signs from now on, and no other is to be believed: somebody else has them."""
        return self.model_copy(update={"signing": fresh, "successor": None, "predecessors": ()})

    def carried_out(self, now_s: int, terms: Terms) -> Self:
        """The deployment has been told of all this: from now on it counts."""
        coming, until_s = self.successor, now_s + terms.tail_s
        if coming is not None and coming.known_s is None:
            coming = Successor(key=coming.key, known_s=now_s)
        gone = tuple(
            Predecessor(key=old.key, until_s=until_s if old.until_s is None else old.until_s)
            for old in self.predecessors
        )
        return self.model_copy(update={"successor": coming, "predecessors": gone})

    def advanced(self, now_s: int, terms: Terms) -> Self:
        """What is due has happened: a successor that was known for long enough signs, what is over is forgotten."""
        left = tuple(old for old in self.predecessors if old.until_s is None or old.until_s > now_s)
        coming = self.successor
        if coming is None or coming.known_s is None or coming.known_s + terms.lead_s > now_s:
            return self.model_copy(update={"predecessors": left})
        gone = Predecessor(key=self.signing)
        update = {"signing": coming.key, "successor": None, "predecessors": (gone, *left)}
        return self.model_copy(update=update)

    def due_s(self, terms: Terms) -> int | None:
        """When the next step may be taken; None when nothing is under way."""
        times = [old.until_s for old in self.predecessors if old.until_s is not None]
        if self.successor is not None and self.successor.known_s is not None:
            times.append(self.successor.known_s + terms.lead_s)
        return min(times, default=None)


class Keyring(_Record):
    """All keys of a deployment. `told`: whether the deployment knows of them as they stand here."""

    app_id: str
    app: Ring
    orchestrator: Ring
    operator_token: str
    told: bool = False

    def ring(self, role: Role) -> Ring:
        return self.app if role == "app" else self.orchestrator

    def with_ring(self, role: Role, ring: Ring) -> Self:
        """Unchanged when the ring is; otherwise the deployment has to be told."""
        return self if ring == self.ring(role) else self.model_copy(update={role: ring, "told": False})

    def carried_out(self, now_s: int, terms: dict[Role, Terms]) -> Self:
        rings: dict[str, Ring] = {role: self.ring(role).carried_out(now_s, terms[role]) for role in terms}
        return self.model_copy(update={"told": True, **rings})
