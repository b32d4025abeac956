"""The App API complete: importing a noun enters its endpoints into the table."""

from typing import Final

from app import (
    agents,
    archives,
    erasure,
    groups,
    health,
    members,
    messages,
    people,
    profiles,
    runs,
    tokens,
    usage,
    webhooks,
)
from app.api import endpoints

NOUNS: Final = (
    agents,
    archives,
    erasure,
    groups,
    health,
    members,
    messages,
    people,
    profiles,
    runs,
    tokens,
    usage,
    webhooks,
)

__all__ = ["NOUNS", "endpoints"]
