"""An agent written with pydantic-ai. docs/agents.md says how its packages come into the Worker.

Put it into workers/agents/own and its name into the list there; then create an agent with
`"provider": "pydantic-ai", "model": "sous_chef", "tools": ["portion", "search_history"]`. Its model is asked through
the provider `openai` of the setting PROVIDERS.
"""

from typing import TYPE_CHECKING

from agents.engines import pydantic_ai_agent

if TYPE_CHECKING:
    from pydantic_ai import Agent


@pydantic_ai_agent("sous_chef")
def sous_chef() -> "Agent[None, str]":
    # Not above: it is imported when the agent is first asked.
    from pydantic_ai import Agent  # noqa: PLC0415

    agent = Agent("openai:gpt-5-mini", defer_model_check=True, instructions="You plan portions for a large kitchen.")

    @agent.tool_plain
    def portion(grams: int, people: int) -> int:
        """How much is needed for so many people, in grams."""
        return grams * people

    return agent
