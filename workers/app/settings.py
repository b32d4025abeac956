"""What the App is told by its configuration."""

import json
from dataclasses import dataclass
from typing import Annotated, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from shared.ids import OrgId
from shared.keys import PrivateKey
from shared.settings import Origin, Origins, Settings


def _parsed_key(value: object) -> object:
    return PrivateKey.model_validate_json(value) if isinstance(value, str) else value


_URL: Final = r"^https?://[a-z0-9.-]+(:\d{1,5})?/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*$"


@dataclass(frozen=True)
class Idp:
    """An external identity provider."""

    issuer: str
    jwks_url: str
    audience: str
    org_id: str
    provision: bool


class LocalPerson(BaseModel):
    """Somebody the web client of a local deployment offers to sign in as."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    token: str


def _parsed_people(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


class AppSettings(Settings):
    """`signing_key` is this app's private JWK; `operator_token` is what creating an org takes.

    `cors_origins` are the web origins, besides the App's own, whose pages may call it, separated by spaces.
    `requests_per_minute` is how often a person may ask, with as many at once.
    `local_people` are demo people with their tokens, and refused anywhere but on a developer's machine.
    `idp_*`: the identity provider whose tokens sign people of `idp_org_id` in; all of it or nothing. `idp_provision`:
    whether it may bring people who are not known yet.
    """

    app_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """The name under which this app's keys are registered in the directory."""
    app_origin: Origin
    """Where this Worker is reached."""
    orchestrator_origin: Origin
    """Where the Orchestrator is reached; what the App signs for it names this address."""
    signing_key: Annotated[PrivateKey, BeforeValidator(_parsed_key)]
    """The private JWK (P-256) with which the App signs its requests."""
    operator_token: Annotated[str, StringConstraints(min_length=32, max_length=200)]
    """What the operator shows: it makes orgs and sees the deep check, nothing else."""
    cors_origins: Origins = ()
    """The web origins whose pages may call this API, separated by spaces; none by default."""
    requests_per_minute: Annotated[int, Field(ge=1)] = 600
    """How many requests a minute one person may send, with all their tokens."""
    local_people: Annotated[tuple[LocalPerson, ...], BeforeValidator(_parsed_people)] = ()
    """Demo people with their tokens, whom the page offers to sign in as. Only on a developer's machine."""

    idp_issuer: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    """The identity provider whose tokens sign people in, as its tokens name it. All of `IDP_…` go together."""
    idp_jwks_url: Annotated[str, StringConstraints(pattern=_URL, max_length=500)] | None = None
    """Where its public keys are read from."""
    idp_audience: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    """Whom its tokens have to be made for."""
    idp_org_id: OrgId | None = None
    """The org whose people it signs in."""
    idp_provision: bool = False
    """Whether somebody it names for the first time becomes a member of that org."""

    @property
    def idp(self) -> Idp | None:
        """Where people of another login come from, if that was configured."""
        match (self.idp_issuer, self.idp_jwks_url, self.idp_audience, self.idp_org_id):
            case (str(issuer), str(jwks_url), str(audience), str(org_id)):
                return Idp(issuer, jwks_url, audience, org_id, self.idp_provision)
            case _:
                return None

    @model_validator(mode="after")
    def _a_whole_idp_or_none(self) -> Self:
        parts = (self.idp_issuer, self.idp_jwks_url, self.idp_audience, self.idp_org_id)
        if self.idp is None and (self.idp_provision or any(part is not None for part in parts)):
            raise ValueError("IDP_ISSUER, IDP_JWKS_URL, IDP_AUDIENCE and IDP_ORG_ID go together")
        if self.idp is not None and self.environment != "local" and self.idp.jwks_url.startswith("http:"):
            raise ValueError("IDP_JWKS_URL must be https")
        return self

    @model_validator(mode="after")
    def _no_demo_people_outside(self) -> Self:
        if self.local_people and self.environment != "local":
            raise ValueError("LOCAL_PEOPLE is for local deployments only")
        return self
