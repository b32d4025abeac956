"""What a Group Controller is told by the configuration of the Worker that hosts it."""

from dataclasses import fields
from typing import Annotated

from pydantic import BeforeValidator, Field

from durable_objects.lifecycle import Terms
from durable_objects.limits import Limits
from shared.keys import PrivateKeySet
from shared.settings import Origin, Settings


def _parsed_keys(value: object) -> object:
    return PrivateKeySet.model_validate_json(value) if isinstance(value, str) else value


class ControllerSettings(Settings):
    """`signing_keys` is a JWK Set of private keys, the one that signs first."""

    orchestrator_origin: Origin
    """Where the Orchestrator is reached; what is signed for it names this address."""
    agents_origin: Origin
    """Where the Agents Worker is reached; what is signed for it names this address."""
    signing_keys: Annotated[PrivateKeySet, BeforeValidator(_parsed_keys)]
    """A JWK Set of private keys (P-256). The first one signs, all are published."""
    socket_frames_per_s: Annotated[int, Field(ge=1)] = 50
    """How many commands a second one socket may send."""
    socket_frames_burst: Annotated[int, Field(ge=1)] = 500
    """How many of them at once."""
    group_frames_per_s: Annotated[int, Field(ge=1)] = 1000
    """How many commands a second all sockets of a group may send together."""
    group_frames_burst: Annotated[int, Field(ge=1)] = 5000
    """How many of them at once."""
    sockets_per_user: Annotated[int, Field(ge=1)] = 20
    """How many sockets one person may have open in a group."""
    sockets_per_group: Annotated[int, Field(ge=1)] = 1000
    """How many sockets a group may have open."""
    idle_archive_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    """After how many days of silence a group is archived by itself; 0 means never."""
    retention_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    """How many days an archive is kept before group and archive are deleted; 0 means for ever."""
    single_use_routing_tokens: bool = False
    """Whether a routing token opens one socket only."""

    def limits(self) -> Limits:
        return Limits(**{field.name: getattr(self, field.name) for field in fields(Limits)})

    def terms(self) -> Terms:
        return Terms(self.idle_archive_days, self.retention_days)
