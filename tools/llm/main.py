"""`make e2e-llm`: the whole chain with a real small language model, and what it adds to the model's own time.

Law: every round asks the same question twice, through the chain and then straight at the server with the very request
that the chain had sent; what is printed are medians of what was measured. Exit code 0 only when all answers came whole.
"""

import asyncio
import json
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

import httpx
import typer

from parley import MessageCreated, Parley, RunFinished
from parley.rest import Rest
from tools.console import ToolError, out
from tools.llm.served import THREADS, served_model
from tools.local import local_keys, overrides, register_app_key
from tools.seat import Seat, seated
from tools.setup.layout import Layout
from tools.stack import Ports, Stack

ROOT: Final = Path(__file__).resolve().parent.parent.parent
ROUNDS: Final = 7
QUESTION: Final = "@smol Write one sentence about bread."
D = TypeVar("D")
app = typer.Typer(add_completion=False)


@dataclass(frozen=True)
class Timed:
    first_s: float
    whole_s: float
    tokens: int


@app.command()
def e2e_llm(rounds: int = ROUNDS) -> None:
    """People ask a real language model in a group; its words and the chain's cost are printed."""
    with served_model(Layout(ROOT)) as model_url, tempfile.TemporaryDirectory(prefix="parley-llm-") as scratch:
        keys, ports = local_keys(Path(scratch)), Ports(0, 0, 0).resolve()
        told = overrides(keys, ports)
        told["agents"]["PROVIDERS"] = json.dumps([{"name": "local", "base_url": model_url}])
        with Stack.start(root=ROOT, ports=ports, state_dir=None, overrides=told) as stack:
            stack.migrate()
            register_app_key(stack, keys)
            pairs = asyncio.run(_ask(stack.origins["app"], keys.operator_token, model_url, rounds))
    _print(pairs)


async def _ask(base_url: str, operator_token: str, model_url: str, rounds: int) -> list[tuple[Timed, Timed]]:
    async with AsyncExitStack() as evening:
        operator = await evening.enter_async_context(Rest(base_url, operator_token))
        org = await operator.call("POST", "/orgs", {"name": "Harbour Kitchen", "owner_name": "Ada"})
        token, org_id = str(org["token"]), str(org["org"]["id"])
        owner = await evening.enter_async_context(Parley(base_url, token))
        smol = await owner.create_agent("smol", "Smol", provider="local", model="smollm2-135m")
        server = await evening.enter_async_context(httpx.AsyncClient(timeout=120))
        pairs: list[tuple[Timed, Timed]] = []
        for number in range(rounds + 1):
            # A group each, so that every question is the first one.
            group = await owner.create_group(org_id, f"Round {number}", agent_ids=(smol.id,))
            async with seated("Ada", base_url, token, group.group_id) as ada:
                chained = await _through_the_chain(ada)
            asked = (await server.get(model_url)).content
            pairs.append((chained, await _straight(server, model_url, asked)))
            out.print(f"  [dim]round {number}: {chained.first_s * 1000:.0f} ms to the first word[/dim]")
        # The first round warms both up.
        return pairs[1:]


async def _through_the_chain(ada: Seat) -> Timed:
    started = time.monotonic()
    await ada.room.send(QUESTION)
    await ada.until(lambda: ada.deltas, "the first word")
    first_s = time.monotonic() - started
    await ada.until(lambda: _data(ada, RunFinished), "the end of the run")
    whole_s = time.monotonic() - started
    (ending,) = _data(ada, RunFinished)
    if ending.outcome not in ("success", "limit"):
        raise ToolError(f"the run ended with {ending.outcome}: {ending.error}")
    if _data(ada, MessageCreated)[-1].text != "".join(delta.text for delta in ada.deltas):
        raise ToolError("what was shown is not what was kept")
    return Timed(first_s, whole_s, ending.usage.output_tokens)


def _data(seat: Seat, kind: type[D]) -> list[D]:
    return [event.data for event in seat.events if isinstance(event.data, kind)]


async def _straight(server: httpx.AsyncClient, model_url: str, asked: bytes) -> Timed:
    started = time.monotonic()
    first_s, tokens = 0.0, 0
    async with server.stream("POST", f"{model_url}/chat/completions", content=asked) as response:
        async for line in response.aiter_lines():
            with suppress(ValueError):
                chunk = json.loads(line.removeprefix("data: "))
                if not first_s and chunk["choices"] and chunk["choices"][0]["delta"].get("content"):
                    first_s = time.monotonic() - started
                tokens = chunk.get("usage", {}).get("completion_tokens", tokens)
    return Timed(first_s, time.monotonic() - started, tokens)


def _print(pairs: list[tuple[Timed, Timed]]) -> None:
    chained, straight = zip(*pairs, strict=True)
    out.print(f"\nSmolLM2 135M on {THREADS} threads, medians of {len(pairs)} rounds")
    for name, times in (("through the chain", chained), ("straight", straight)):
        speed = median((t.tokens - 1) / (t.whole_s - t.first_s) for t in times if t.tokens > 1)
        first_ms = median(t.first_s for t in times) * 1000
        out.print(f"  {name:18} first word {first_ms:7.1f} ms   {speed:6.1f} tokens/s")
    added_ms = median(a.first_s - b.first_s for a, b in pairs) * 1000
    out.print(f"  the chain adds {added_ms:.1f} ms to the first word")


def main() -> None:
    app()
