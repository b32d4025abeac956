"""What every command shares: who one is, a client, and how a failure ends the program."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from parley.cli.failures import INTERRUPTED, CommandFailed, explained
from parley.cli.output import note
from parley.cli.profiles import DEFAULT, Profile, chosen
from parley.client import Parley
from parley.errors import ParleyError

T = TypeVar("T")


class Session:
    """`name` is the profile that was asked for with --as."""

    def __init__(self, name: str = DEFAULT) -> None:
        self.name = name

    @property
    def profile(self) -> Profile:
        """Raises CommandFailed."""
        return chosen(os.environ, self.name)

    def run(self, act: Callable[[Parley], Awaitable[T]]) -> T:
        """What `act` returns; a failure ends the program with one sentence and its exit code."""

        async def acted() -> T:
            profile = self.profile
            async with Parley(profile.base_url, profile.token) as client:
                return await act(client)

        return finished(acted)


def session_of(context: typer.Context) -> Session:
    session = context.obj
    if not isinstance(session, Session):
        raise TypeError("the command runs outside of its program")
    return session


def finished(act: Callable[[], Awaitable[T]]) -> T:
    async def acted() -> T:
        return await act()

    try:
        return asyncio.run(acted())
    except ParleyError as failure:
        failed = explained(failure)
    except CommandFailed as failure:
        failed = failure
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    note(f"parley: {failed}")
    raise typer.Exit(failed.exit_code)
