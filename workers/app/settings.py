"""What the App is told by its configuration."""

import json
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator

from shared.keys import PrivateKey
from shared.settings import Origin, Settings


def _parsed_key(value: object) -> object:
    return PrivateKey.model_validate_json(value) if isinstance(value, str) else value


class LocalPerson(BaseModel):
    """Somebody the web client of a local deployment offers to sign in as."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    token: str


def _parsed_people(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


class AppSettings(Settings):
    """`signing_key` is this app's private JWK; `operator_token` is what creating an org takes.

    `local_people` are demo people with their tokens, and refused anywhere but on a developer's machine.
    """

    app_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    app_origin: Origin
    orchestrator_origin: Origin
    signing_key: Annotated[PrivateKey, BeforeValidator(_parsed_key)]
    operator_token: Annotated[str, StringConstraints(min_length=32, max_length=200)]
    local_people: Annotated[tuple[LocalPerson, ...], BeforeValidator(_parsed_people)] = ()

    @model_validator(mode="after")
    def _no_demo_people_outside(self) -> Self:
        if self.local_people and self.environment != "local":
            raise ValueError("LOCAL_PEOPLE is for local deployments only")
        return self
