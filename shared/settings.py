"""What a deployment is told by its configuration, read once and checked.

Law: a Worker that is told something wrong refuses to work and names the setting; it never guesses.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from shared.errors import Misconfigured

PLACEHOLDER_SUFFIX: Final = ".example"
Origin = Annotated[str, StringConstraints(pattern=r"^https?://[a-z0-9.-]+(:\d{1,5})?$")]


def _split(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


Origins = Annotated[tuple[Origin, ...], BeforeValidator(_split)]
"""Several, separated by spaces."""
ReadVariable = Callable[[str], str | None]


class Settings(BaseModel):
    """Settings common to all Workers; a field `x_y` is read from the variable or secret `X_Y`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Literal["local", "staging", "production"]
    """What kind of deployment this is. Only `local` allows demo people, and origins of plain HTTP."""

    @classmethod
    def load(cls, read: ReadVariable) -> Self:
        """Raises Misconfigured, naming every setting that is missing, malformed or still a placeholder."""
        values = {name: read(name.upper()) for name in cls.model_fields}
        placeholders = [name.upper() for name, value in values.items() if value and PLACEHOLDER_SUFFIX in value]
        if placeholders:
            raise Misconfigured(reason=f"still placeholders: {', '.join(placeholders)}; see wrangler.toml")
        if plain := _plain_origins(values):
            raise Misconfigured(reason=f"plain HTTP outside a local deployment: {', '.join(plain)}")
        try:
            return cls.model_validate({name: value for name, value in values.items() if value is not None})
        except ValidationError as exc:
            wrong = sorted({str(error["loc"][0]).upper() if error["loc"] else error["msg"] for error in exc.errors()})
            raise Misconfigured(reason=f"missing or invalid: {', '.join(wrong)}") from exc


def _plain_origins(values: Mapping[str, str | None]) -> list[str]:
    """Bearers and routing tokens travel to these addresses."""
    if values["environment"] == "local":
        return []
    origins = [name for name in values if name.endswith(("_origin", "_origins"))]
    return [name.upper() for name in origins if "http://" in (values[name] or "")]
