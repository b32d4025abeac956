"""What the Orchestrator is told by its configuration."""

from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from durable_objects.settings import ControllerSettings
from shared.settings import Origins

WEBHOOK_RETRIES_S: Final = (5, 60, 300, 1_800, 7_200, 28_800)


def _split(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


WaitS = Annotated[int, Field(ge=1, le=86_400)]


class OrchestratorSettings(ControllerSettings):
    """`allowed_origins`: the web origins whose pages may open sockets, separated by spaces.

    `routing_tokens_*`: how many routing tokens a person gets with a bearer; those that an app asks for do not count.
    """

    allowed_origins: Origins
    """The web origins whose pages may open sockets, separated by spaces."""
    routing_tokens_per_minute: Annotated[int, Field(ge=1)] = 60
    """How many routing tokens a person gets with a bearer. Those that an app asks for do not count."""
    routing_tokens_burst: Annotated[int, Field(ge=1)] = 60
    """How many of them at once."""
    webhook_retries_s: Annotated[tuple[WaitS, ...], BeforeValidator(_split), Field(max_length=20)] = WEBHOOK_RETRIES_S
    """How long to wait after each try of a webhook that failed, in seconds, separated by spaces."""
    webhook_timeout_s: Annotated[int, Field(ge=1, le=30)] = 10
    """How long a webhook may take to answer."""
