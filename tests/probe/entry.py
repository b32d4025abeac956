"""A Worker that tests put beside the stack: the product's verifiers over node:crypto, asked directly.

Law: never part of a deployment. Takes a JSON list of cases, answers a JSON list of verdicts.
"""

import json
from typing import Any

import js

from shared.edge.crypto import NodeEs256
from tests.probe.verdicts import judge
from workers import WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request: Any) -> Any:
        es256 = NodeEs256()
        cases = json.loads(await request.js_object.text())
        return js.Response.new(json.dumps([await judge(es256, case) for case in cases]))
