"""What the Orchestrator is told by its configuration."""

from typing import Annotated

from pydantic import Field

from durable_objects.settings import ControllerSettings
from shared.settings import Origins


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
