"""A Worker that `make bench` puts beside the stack: how long the product's own check of a credential takes there.

Law: never part of a deployment. Takes a token, keys and a count; answers that many times, in milliseconds. Each is the
mean of EACH checks, since the runtime's clock has no finer hand than a millisecond.
"""

import json
from typing import Any, Final

import js

from shared.edge.crypto import NodeEs256
from shared.jwks import own_keys
from shared.tokens import ORCHESTRATOR, ROUTING, Tokens
from workers import WorkerEntrypoint

EACH: Final = 20


class Default(WorkerEntrypoint):
    async def fetch(self, request: Any) -> Any:
        case = json.loads(await request.js_object.text())
        tokens = Tokens(NodeEs256())
        keys = own_keys(case["keys"].encode())
        took_ms = []
        for _ in range(case["times"]):
            started = js.performance.now()
            for _ in range(EACH):
                tokens.verify(ROUTING, case["token"], keys, issuer=ORCHESTRATOR, now_s=case["now_s"])
            took_ms.append((js.performance.now() - started) / EACH)
        return js.Response.new(json.dumps(took_ms))
