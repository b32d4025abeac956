"""What turns are made of in a deployment, from its settings and bindings.

Law: wiring only.
"""

import asyncio

from agents.engines import PYDANTIC_AI, PYDANTIC_AI_AGENTS, PydanticAi
from agents.own.agent import AGENTS
from agents.providers import Engine, Provider
from agents.providers.bound_ai import BoundAi
from agents.providers.builtin import BuiltinProvider
from agents.providers.edge_fetch import Fetch
from agents.providers.openai_compatible import Endpoint, OpenAiCompatible, Patience
from agents.providers.own import PythonProvider
from agents.run import Stage
from agents.settings import WORKERS_AI, AgentsSettings, endpoints
from agents.tools.current_time import current_time_tool
from agents.tools.fetch_url import fetch_url_tool
from agents.tools.tool import TOOLS
from agents.tools.toolbox import Toolbox
from shared.edge.js import now_ms
from shared.edge.worker import Environment
from shared.log import Log


def build_stage(environment: Environment, log: Log) -> Stage:
    settings = AgentsSettings.load(environment.text)
    patience = Patience(first_text_s=settings.model_silence_s, silence_s=settings.model_silence_s)
    models = {
        name: OpenAiCompatible(endpoint, Fetch(), asyncio.sleep, patience)
        for name, endpoint in endpoints(settings, environment.text).items()
    }
    if ai := environment.optional("AI"):
        models[WORKERS_AI] = OpenAiCompatible(Endpoint(WORKERS_AI, ""), BoundAi(ai), asyncio.sleep, patience)
    providers: dict[str, Provider | Engine] = {
        "builtin": BuiltinProvider(asyncio.sleep),
        "python": PythonProvider(AGENTS),
        **models,
    }
    if PYDANTIC_AI_AGENTS:
        providers[PYDANTIC_AI] = PydanticAi(models)
    tools = {**TOOLS, "current_time": current_time_tool(now_ms)}
    if settings.fetch_allowed_hosts:
        tools["fetch_url"] = fetch_url_tool(Fetch(), settings.fetch_allowed_hosts)
    return Stage(providers, log, Toolbox(tools, frozenset(settings.ask_first)))
