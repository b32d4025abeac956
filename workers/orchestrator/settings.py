"""What the Orchestrator is told by its configuration."""

from typing import Annotated

from pydantic import BeforeValidator

from durable_objects.settings import ControllerSettings
from shared.settings import Origin


def _split(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


class OrchestratorSettings(ControllerSettings):
    """`allowed_origins`: the web origins whose pages may open sockets, separated by spaces."""

    allowed_origins: Annotated[tuple[Origin, ...], BeforeValidator(_split)]
