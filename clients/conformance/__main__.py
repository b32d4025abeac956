"""`python -m clients.conformance [WORD …] -- COMMAND …`: plays the suite to a client of any language."""

import asyncio
import os
import sys
from collections.abc import Sequence

from clients.conformance.client import Broken, Died, running
from clients.conformance.script import play, scenarios


def arguments(given: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Words that choose scenarios, and the player's command."""
    if "--" not in given:
        return (), given
    at = given.index("--")
    return given[:at], given[at + 1 :]


async def main(words: Sequence[str], command: Sequence[str]) -> int:
    chosen = {name: steps for name, steps in scenarios().items() if not words or any(word in name for word in words)}
    failed = 0
    async with running(command, os.environ) as client:
        for name, steps in chosen.items():
            try:
                await play(steps, client)
                sys.stdout.write(f"ok      {name}\n")
            except Died as died:
                sys.stderr.write(f"parley: {died}\n")
                return 1
            except Broken as broken:
                failed += 1
                sys.stdout.write(f"FAILED  {name}: {broken}\n")
    sys.stdout.write(f"{len(chosen) - failed} of {len(chosen)} scenarios passed\n")
    return 0 if chosen and not failed else 1


if __name__ == "__main__":
    words, command = arguments(sys.argv[1:])
    if not command:
        sys.exit("parley: name the player's command, for example: node clients/conformance/js_client.mjs")
    sys.exit(asyncio.run(main(words, command)))
