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
    agents_origin: Origin
    signing_keys: Annotated[PrivateKeySet, BeforeValidator(_parsed_keys)]
    socket_frames_per_s: Annotated[int, Field(ge=1)] = 50
    socket_frames_burst: Annotated[int, Field(ge=1)] = 500
    group_frames_per_s: Annotated[int, Field(ge=1)] = 1000
    group_frames_burst: Annotated[int, Field(ge=1)] = 5000
    sockets_per_user: Annotated[int, Field(ge=1)] = 20
    sockets_per_group: Annotated[int, Field(ge=1)] = 1000
    idle_archive_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    retention_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    single_use_routing_tokens: bool = False

    def limits(self) -> Limits:
        return Limits(**{field.name: getattr(self, field.name) for field in fields(Limits)})

    def terms(self) -> Terms:
        return Terms(self.idle_archive_days, self.retention_days)
