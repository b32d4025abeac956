"""Whether this Worker answers, which version it is, and whom a local deployment offers to sign in as."""

from typing import Final

from starlette.responses import Response

from app.api import Model, endpoints
from app.ports import AppPorts
from app.settings import LocalPerson
from shared.checkup import Checkup, PartChecked, examine
from shared.errors import InvalidCredential, NotFound, PartFailed
from shared.http import Call

VERSION: Final = "0.1.0"


class Health(Model):
    status: str = "ok"


class Version(Model):
    name: str = "parley"
    version: str = VERSION
    environment: str


class LocalPeople(Model):
    """Demo people with their tokens; empty on every deployment but a developer's own machine."""

    people: tuple[LocalPerson, ...]


@endpoints.add("GET", "/local-people", auth="anyone", errors=(NotFound,))
async def local_people(call: Call[None, AppPorts]) -> LocalPeople:
    """Whom the web client of a local deployment offers to sign in as."""
    if call.ports.settings.environment != "local":
        raise NotFound
    return LocalPeople(people=call.ports.settings.local_people)


@endpoints.add("GET", "/healthz", auth="anyone")
async def healthz(call: Call[None, AppPorts]) -> Health:
    """Whether this Worker answers."""
    del call
    return Health()


@endpoints.add("GET", "/healthz/deep", auth="operator", errors=(InvalidCredential, PartFailed))
async def deep_healthz(call: Call[None, AppPorts]) -> Response:
    """Every part of this deployment, asked. When one of them failed the problem names all of them, in `parts`."""
    ports = call.ports
    beyond: list[PartChecked] = []

    async def ask_orchestrator() -> None:
        beyond.extend((await ports.infra.checkup()).parts)

    checks = {**ports.checks, "orchestrator": ask_orchestrator}
    found = Checkup.of(*await examine(checks, ports.clock, ports.log), *beyond)
    if failed := [part.name for part in found.parts if part.status == "failed"]:
        raise PartFailed.among([part.model_dump(exclude_none=True) for part in found.parts], failed)
    headers = {"Cache-Control": "no-store"}
    return Response(found.model_dump_json(exclude_none=True), media_type="application/json", headers=headers)


@endpoints.add("GET", "/version", auth="anyone")
async def version(call: Call[None, AppPorts]) -> Version:
    """Name, version and environment of this deployment."""
    return Version(environment=call.ports.settings.environment)
