"""Plays a scenario to a client, step by step, and says where it departs from it.

Law: the server's side is wholly in the scenario; nothing here decides. What a client is told and what it has to see are
the members that a scenario names; the rest of a frame is filled in from `frames`.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from clients.conformance.client import Broken, Died, Player
from clients.conformance.frames import frame_text, reply_text
from clients.conformance.house import Caller, House, TokenAsked, Wire

FOLDER: Final = Path(__file__).parent
GROUP_ID: Final = "grp_1"
BEARER: Final = "prl_conformance"
LAST: Final = {"type": "typing", "user_id": "usr_last", "on": True}
Step = Mapping[str, Any]


def scenarios() -> dict[str, Sequence[Step]]:
    """All there are, by name; one with `cases` is several."""
    found: dict[str, Sequence[Step]] = {}
    for path in sorted(FOLDER.glob("*.json")):
        text = path.read_text()
        read = json.loads(text)
        if "cases" not in read:
            found[path.stem] = read["steps"]
        for case in read.get("cases", ()):
            found[f"{path.stem}-{case}"] = json.loads(text.replace('"$case"', json.dumps(case)))["steps"]
    return found


async def play(steps: Sequence[Step], client: Player) -> None:
    """Raises Broken at the first step that the client does not go along with."""
    async with House().open() as house:
        stage = _Stage(house, client)
        await client.do({"join": {"base_url": house.base_url, "group_id": GROUP_ID, "token": BEARER}})
        for number, step in enumerate(steps, 1):
            try:
                await client.during(stage.take(step))
            except Died:
                raise
            except (Broken, TimeoutError) as exc:
                await client.leave()
                raise Broken(f"step {number} {json.dumps(step)[:300]}: {exc or 'nothing came'}") from exc
        await stage.end()


class _Stage:
    def __init__(self, house: House, client: Player) -> None:
        self._house = house
        self._client = client
        self._wire: Wire | None = None
        self._tokens = 0
        self._frame_id: object = None
        self._live = False

    @property
    def wire(self) -> Wire:
        if self._wire is None:
            raise Broken("the script speaks before `accept`")
        return self._wire

    async def take(self, step: Step) -> None:
        ((verb, body),) = step.items()
        match verb:
            case "accept":
                await self._accept()
            case "refuse_token":
                asked = await self._caller(TokenAsked)
                asked.answer.set_result((body["status"], body))
            case "hear":
                await self._hear(body)
            case "answer":
                self._live = self._live or "hello" in body
                self.wire.tell(reply_text(self._frame_id, body))
            case "meanwhile":
                await self._meanwhile(body)
            case "tell":
                self.wire.tell(frame_text(body))
            case "tell_text":
                self.wire.tell(body)
            case "close":
                self.wire.close(body[0], body[1])
            case "cut":
                self.wire.cut()
            case "gone":
                await self._until_gone()
            case "do":
                await self._client.do(body)
            case "see":
                for expected in body:
                    self._live = self._live and "ended" not in expected
                    _expect(expected, await self._client.see())
            case _:
                raise Broken(f"there is no step {verb!r}")

    async def _meanwhile(self, body: Mapping[str, Any]) -> None:
        """Until the client sees something, whatever it says is answered like this; it need not say anything."""
        answering = asyncio.create_task(self._answer_all(body["answer"]))
        try:
            _expect(body["see"], await self._client.see())
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)

    async def _answer_all(self, answer: Mapping[str, Any]) -> None:
        while True:
            await self._hear({})
            self.wire.tell(reply_text(self._frame_id, answer))

    async def end(self) -> None:
        """Nothing may be left over: nobody at the door, nothing said or seen that the script does not know of."""
        unasked: list[Mapping[str, Any]] = []
        if self._live:
            self.wire.tell(frame_text(LAST))
            while (seen := await self._client.see()) != {"typing": LAST["user_id"]}:
                unasked.append(seen)
            while not self.wire.heard.empty():
                if (said := self.wire.heard.get_nowait()) != "ping":
                    raise Broken(f"the client said more than it should have: {said}")
        unasked += await self._client.leave()
        if unasked:
            raise Broken(f"the client saw more than it should have: {unasked}")
        if not self._house.callers.empty():
            raise Broken(f"the client came back unasked: {self._house.callers.get_nowait()}")

    async def _caller(self, kind: type[Any]) -> Any:  # noqa: ANN401 -- a Caller of that kind
        caller: Caller = await self._house.callers.get()
        if not isinstance(caller, kind):
            raise Broken(f"expected {kind.__name__}, not {caller}")
        return caller

    async def _accept(self) -> None:
        asked = await self._caller(TokenAsked)
        if asked.bearer != BEARER:
            raise Broken(f"a token was asked for with the bearer {asked.bearer!r}")
        self._tokens += 1
        asked.answer.set_result((200, {"routing_token": f"t{self._tokens}", "expires_at": "2030-01-01T00:00:00Z"}))
        self._wire = await self._caller(Wire)
        if self._wire.token != f"t{self._tokens}":
            raise Broken(f"the socket was opened with the token {self._wire.token!r}, not with the fresh one")

    async def _hear(self, expected: Mapping[str, Any]) -> None:
        while (text := await self.wire.heard.get()) == "ping":
            self.wire.tell("pong")
        if text is None:
            raise Broken("the client left instead")
        heard = json.loads(text)
        self._frame_id = heard.pop("id", None)
        if not isinstance(self._frame_id, int):
            raise Broken(f"a command needs an integer id: {text}")
        _expect(expected, heard)

    async def _until_gone(self) -> None:
        while (text := await self.wire.heard.get()) is not None:
            if text != "ping":
                raise Broken(f"expected the client to leave, heard {text}")


def _expect(expected: object, found: object) -> None:
    if not _fits(expected, found):
        raise Broken(f"expected {json.dumps(expected)}, got {json.dumps(found)}")


def _fits(expected: object, found: object) -> bool:
    """Whether `found` has all that is expected. A null stands for a member that is absent, null or empty."""
    if isinstance(expected, Mapping):
        there = found if isinstance(found, Mapping) else {}
        return isinstance(found, Mapping) and all(_fits(value, there.get(name)) for name, value in expected.items())
    return not found if expected is None else expected == found
