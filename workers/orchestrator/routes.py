"""The Orchestrator API complete: importing a noun enters its endpoints into the table."""

from typing import Final

from orchestrator import api, life, people, runs, usage
from orchestrator.api import authenticate, endpoints

NOUNS: Final = (api, life, people, runs, usage)

__all__ = ["NOUNS", "authenticate", "endpoints"]
