"""What the Orchestrator says of itself: that it answers, its public keys, and to an app how all its parts are."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from orchestrator.ports import OrchestratorPorts
from shared.checkup import Checkup, examine
from shared.errors import InvalidCredential, Unavailable
from shared.http import Call, Endpoints

endpoints: Final = Endpoints()


class Health(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["ok"] = "ok"


@endpoints.add("POST", "/infra/checkup", auth="app", errors=(InvalidCredential, Unavailable))
async def check_up(call: Call[str, OrchestratorPorts]) -> Checkup:
    """Every part of the Orchestrator and what lies behind it, asked."""
    return Checkup.of(*await examine(call.ports.checks, call.ports.clock, call.ports.log))


@endpoints.add("GET", "/.well-known/jwks.json", auth="anyone")
async def jwks(call: Call[None, OrchestratorPorts]) -> Response:
    """The public keys that verify routing tokens and session certificates."""
    return Response(
        call.ports.published.model_dump_json(),
        media_type="application/jwk-set+json",
        headers={"Cache-Control": "public, max-age=300"},
    )


@endpoints.add("GET", "/healthz", auth="anyone")
async def healthz(call: Call[None, OrchestratorPorts]) -> Health:
    """Whether this Worker answers."""
    del call
    return Health()
