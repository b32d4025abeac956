"""The Orchestrator API complete: importing a noun enters its endpoints into the table."""

from typing import Final

from orchestrator import api, life, runs, usage
from orchestrator.api import authenticate, endpoints

NOUNS: Final = (api, life, runs, usage)

__all__ = ["NOUNS", "authenticate", "endpoints"]
