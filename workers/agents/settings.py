"""What the Agents Worker is told by its configuration."""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Json, StringConstraints

from agents.providers.openai_compatible import Endpoint
from shared.errors import Misconfigured
from shared.settings import Origin, Settings

OWN_PROVIDERS: Final = frozenset({"builtin", "python"})
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


class AgentsSettings(Settings):
    agents_origin: Origin
    orchestrator_origin: Origin
    providers: Json[Annotated[tuple[ProviderSettings, ...], AfterValidator(_each_once)]] = ()


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
