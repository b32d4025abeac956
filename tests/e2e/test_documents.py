"""The snippets of the documents do what they say, on the real runtime."""

import ast
import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.docs.reading import Block, blocks
from tests.e2e.deployment import Team

PATIENCE_S = 60
READMES = ("README.md", "clients/python/README.md")
TALKING = [block for block in blocks("python") if block.document in READMES and "async with" in block.text]


async def until_printed(block: Block, values: dict[str, Any], enough: Callable[[str], bool]) -> str:
    """Runs the snippet until what it has printed is enough; a snippet that listens would go on for ever."""
    printed: list[str] = []
    heard = asyncio.Event()

    def note(*parts: object, end: str = "\n") -> None:
        printed.append(" ".join(map(str, parts)) + end)
        if enough("".join(printed)):
            heard.set()

    code = compile(block.text, str(block), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    running: Awaitable[None] = eval(code, {**values, "print": note})  # noqa: S307 -- our own document
    assert inspect.isawaitable(running)
    task = asyncio.ensure_future(running)
    hearing = asyncio.ensure_future(heard.wait())
    await asyncio.wait({task, hearing}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    hearing.cancel()
    if not task.done():
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert enough("".join(printed)), "".join(printed)
    return "".join(printed)


@pytest.mark.parametrize("block", TALKING, ids=str)
async def test_a_program_from_the_documents_talks_and_hears_the_agent(team: Team, block: Block) -> None:
    group_id = team.new_group()
    team.post("ada", f"/groups/{group_id}/messages", {"client_msg_id": "1", "text": "We open on Friday at nine."})
    app = team.deployment.origin("app")
    text = block.text
    for address in ("http://127.0.0.1:8787", "https://parley.example"):
        text = text.replace(address, app)
    values = {"token": team.bearers["ada"], "group_id": group_id}
    await until_printed(Block(block.document, "python", text), values, lambda said: "Friday" in said)


async def test_a_back_end_gets_a_routing_token_for_its_page(team: Team) -> None:
    (block,) = [block for block in blocks("python") if "def routing_token" in block.text]
    names: dict[str, Any] = {}
    exec(block.text, names)  # noqa: S102 -- our own document
    group_id = team.new_group()
    answer = await names["routing_token"](team.deployment.origin("app"), team.bearers["ada"], group_id)
    assert answer["routing_token"].count(".") == 2
