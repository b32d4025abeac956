"""What the Agents Worker is told by its configuration."""

from collections.abc import Callable, Mapping
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    StringConstraints,
    model_validator,
)

from agents.engines import PYDANTIC_AI
from agents.providers.openai_compatible import Endpoint
from shared.agent_api import ToolName
from shared.errors import Misconfigured
from shared.settings import Origin, Settings

WORKERS_AI: Final = "workers-ai"
OWN_PROVIDERS: Final = frozenset({"builtin", "python", PYDANTIC_AI, WORKERS_AI})
# A key travels encrypted or not at all: plain HTTP only to this machine.
BASE_URL: Final = r"^(https://[a-z0-9.-]+|http://(127\.0\.0\.1|localhost))(:\d{1,5})?(/[A-Za-z0-9._~-]+)*$"


class ProviderSettings(BaseModel):
    """One OpenAI-compatible API. `key_secret` is the name of the secret that holds its key, never the key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]{0,31}$")]
    base_url: Annotated[str, StringConstraints(pattern=BASE_URL)]
    key_secret: Annotated[str, StringConstraints(pattern="^[A-Z][A-Z0-9_]{0,63}$")] | None = None


def _each_once(providers: tuple[ProviderSettings, ...]) -> tuple[ProviderSettings, ...]:
    names = [provider.name for provider in providers]
    if len(set(names)) != len(names) or OWN_PROVIDERS & set(names):
        raise ValueError("a provider's name is taken")
    return providers


def _split(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


# A name and no number: what an address of the operator's own network looks like is no page of the web.
_HOST: Final = r"^(([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]|127\.0\.0\.1:\d{1,5})$"
_Host = Annotated[str, StringConstraints(pattern=_HOST)]


class AgentsSettings(Settings):
    agents_origin: Origin
    """Where this Worker is reached; what is signed for it names this address."""
    orchestrator_origin: Origin
    """Where the keys that verify session certificates are read from."""
    fetch_allowed_hosts: Annotated[tuple[_Host, ...], BeforeValidator(_split)] = ()
    """Whose pages the tool `fetch_url` reads; without any there is no such tool."""
    ask_first: Annotated[tuple[ToolName, ...], BeforeValidator(_split)] = ()
    """Tools that people in the group have to approve each time, besides those whose code says so."""
    providers: Json[Annotated[tuple[ProviderSettings, ...], AfterValidator(_each_once)]] = ()
    """Where models are: a JSON list of `{"name", "base_url", "key_secret"}`, each an OpenAI-compatible API.
    `key_secret` is the name of the secret that holds its key.
    """

    model_silence_s: Annotated[int, Field(ge=1, le=55)] = 30
    """How long a model may say nothing before its run is given up, in seconds: to its first word, and from one to the
    next.
    """

    @model_validator(mode="after")
    def _reads_this_machine_only_at_home(self) -> Self:
        if self.environment != "local" and any(":" in host for host in self.fetch_allowed_hosts):
            raise ValueError("FETCH_ALLOWED_HOSTS: this machine is for local deployments")
        return self


def endpoints(settings: AgentsSettings, secret: Callable[[str], str | None]) -> Mapping[str, Endpoint]:
    """The providers by name, with their keys. Raises Misconfigured when a secret is missing."""
    wanted = [provider.key_secret for provider in settings.providers if provider.key_secret]
    if missing := sorted({name for name in wanted if not secret(name)}):
        raise Misconfigured(reason=f"missing: {', '.join(missing)}")
    return {
        provider.name: Endpoint(
            provider.name, provider.base_url, secret(provider.key_secret) if provider.key_secret else None
        )
        for provider in settings.providers
    }
