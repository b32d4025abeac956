"""The whole contract, played as a conversation over real HTTP and WebSocket and checked at every step.

Law: knows the stack by its addresses alone. Whatever it claims on the screen it has just seen hold.
"""

import asyncio
import gzip
import hashlib
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.markup import escape
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from parley import Closed, CommandRefused, MessageCreated, Parley, ParleyError, RunFinished, RunStarted
from parley.rest import Rest
from shared.tokens import Tokens
from tools.console import out, working
from tools.es256 import HostEs256
from tools.local import local_keys, overrides, register_app_key
from tools.seat import Seat, seated
from tools.stack import Ports, Stack
from tools.stage import NotAsPromised, Stage, StepFailed, expect
from tools.verify import ArchiveInvalid, Verified, chain_head, verify_archive

ROOT: Final = Path(__file__).resolve().parent.parent
NOBODYS_GROUP: Final = "grp_00000000000000000000000000"
TITLE: Final = "Reopening on Friday"
OPENING: Final = (
    ("Ada", "Morning! The new ovens arrive on Thursday, one day before the harbour kitchen reopens."),
    ("Ben", "Then the menu has to be small on Friday. Fish soup, bread and one cake is what two ovens can do."),
    ("Ada", "Agreed, we'll go with the small menu: fish soup, bread and the plum cake."),
    ("Ben", "I'll order the fish from Marta tonight, enough for forty bowls of soup."),
    ("Ada", "Who brings the borrowed tables back to the school?"),
)
QUESTION: Final = "@scribe sum up, please"
MEANWHILE: Final = (
    "Marta just called: the cod comes on Friday at six, not on Thursday.",
    "So the soup cooks on Friday morning, and the bread goes into the ovens first.",
    "The school wants its tables back by Sunday.",
)
BACK: Final = "Long tunnel! Read it all. I'll be in the kitchen at half past five."


@dataclass(frozen=True)
class Cast:
    """Who plays: their bearer tokens, and where."""

    base_url: str
    org_id: str
    owner_token: str
    second_token: str
    stranger_token: str
    second_id: str
    agent_id: str


def perform(origins: Mapping[str, str], operator_token: str, console: Console) -> int:
    """Plays, and gives the exit code: 0 only when every step held."""
    try:
        asyncio.run(play(origins, operator_token, console))
    except StepFailed as failed:
        console.print(f"\n[bold red]The demo stopped at:[/] {escape(failed.step)}\n{escape(failed.detail)}")
        return 1
    return 0


async def play(origins: Mapping[str, str], operator_token: str, console: Console) -> None:
    """Plays the demo against a running stack. Raises StepFailed at the first thing that does not hold."""
    started = time.monotonic()
    stage = Stage(console)
    base_url = origins["app"]
    async with AsyncExitStack() as evening:
        cast = await _assemble(stage, evening, base_url, operator_token)
        group_id = await _found_group(stage, cast)
        stage.chapter("The conversation")
        with stage.step("Ada and Ben are in the room, each with a routing token of their own"):
            ada = await evening.enter_async_context(seated("Ada", base_url, cast.owner_token, group_id))
            ben = await evening.enter_async_context(seated("Ben", base_url, cast.second_token, group_id))
        await _chat(stage, ada, ben)
        await _ask_scribe(stage, ada, ben)
        await _drop_and_resume(stage, ada, ben)
        await _say_twice(stage, ada)
        await _refuse_forgery(stage, ada, group_id, base_url)
        verified = await _archive(stage, ada, ben, group_id, origins["orchestrator"])
    elapsed_s = time.monotonic() - started
    stage.close(f"{stage.checks} checks, {len(verified.lines)} events, 3 people, 1 agent, {elapsed_s:.1f} s.")


# ── the team and its group ──────────────────────────────────────────────────────────────────────────────────────────


async def _assemble(stage: Stage, evening: AsyncExitStack, base_url: str, operator_token: str) -> Cast:
    stage.chapter("The team")
    operator = await evening.enter_async_context(Rest(base_url, operator_token))
    with stage.step("The Harbour Kitchen has an organisation, and Ada owns it"):
        org = await operator.call("POST", "/orgs", {"name": "Harbour Kitchen", "owner_name": "Ada"})
        owner_token = str(org["token"])
        expect(owner_token.startswith("prl_"), "the owner's token has no prl_ prefix")
    owner = await evening.enter_async_context(Parley(base_url, owner_token))
    with stage.step("Ben and Cleo join it, with a token each"):
        ben, cleo = await owner.create_person("Ben"), await owner.create_person("Cleo")
        tokens = [(await owner.create_token(person.id, "demo", expires_in_days=1)).token for person in (ben, cleo)]
    with stage.step("The scribe is there: an agent that needs no language model"):
        scribe = await owner.create_agent("scribe", "Scribe", provider="builtin", model="scribe")
    return Cast(base_url, str(org["org"]["id"]), owner_token, tokens[0], tokens[1], ben.id, scribe.id)


async def _found_group(stage: Stage, cast: Cast) -> str:
    async with Parley(cast.base_url, cast.owner_token) as owner:
        with stage.step(f"Ada opens a private group, “{TITLE}”, for Ben and the scribe"):
            created = await owner.create_group(cast.org_id, TITLE, agent_ids=(cast.agent_id,))
            expect(created.status == "active", f"its status is {created.status}")
            await owner.add_member(created.group_id, cast.second_id)
        with stage.step("Read back, it has those two people, that agent and that title"):
            group = await owner.group(created.group_id)
            people = sorted((member.name, member.role) for member in group.members)
            expect(people == [("Ada", "owner"), ("Ben", "member")], f"its people are {people}")
            expect([agent.agent_id for agent in group.agents] == [cast.agent_id], f"its agents are {group.agents}")
            expect((group.title, group.is_private) == (TITLE, True), f"it is {group.title!r}, {group.is_private=}")
    with stage.step("Cleo is not in it, and cannot even tell that it exists"):
        async with Parley(cast.base_url, cast.stranger_token) as stranger:
            hidden = await _refusal(lambda: stranger.group(created.group_id))
            absent = await _refusal(lambda: stranger.group(NOBODYS_GROUP))
            expect((hidden.status, hidden.code) == (404, "not_found"), f"she is told {hidden}")
            expect(hidden.args == absent.args, f"an absent group answers {absent}, this one {hidden}")
            no_token = await _refusal(lambda: stranger.token(created.group_id))
            expect(no_token.status == 404, f"asking for a routing token, she is told {no_token}")
    return created.group_id


async def _refusal(call: Callable[[], Awaitable[object]]) -> ParleyError:
    try:
        await call()
    except ParleyError as refused:
        return refused
    raise NotAsPromised("it was allowed")


# ── the conversation ────────────────────────────────────────────────────────────────────────────────────────────────


async def _say(stage: Stage, speaker: Seat, text: str) -> int:
    sent = await speaker.room.send(text)
    stage.said(speaker.name, sent.seq, text)
    return sent.seq


def _messages(seat: Seat) -> list[tuple[int, str, str]]:
    return [(e.seq, e.actor.name, e.data.text) for e in seat.events if isinstance(e.data, MessageCreated)]


def _same_log(ada: Seat, ben: Seat) -> None:
    """Both were shown the same events, numbered 1, 2, 3 … without a gap."""
    length = min(len(ada.events), len(ben.events))
    expect(ada.events[:length] == ben.events[:length], "Ada and Ben see different logs")
    for seat in (ada, ben):
        numbers = [event.seq for event in seat.events]
        expect(numbers == list(range(1, len(numbers) + 1)), f"{seat.name} sees {numbers}")


async def _chat(stage: Stage, ada: Seat, ben: Seat) -> None:
    seats = {seat.name: seat for seat in (ada, ben)}
    with stage.step("Both saw every message, in one order, under the same numbers"):
        said = [(await _say(stage, seats[name], text), name, text) for name, text in OPENING]
        for seat in (ada, ben):
            await seat.heard(said[-1][0])
            expect(_messages(seat) == said, f"{seat.name} saw {_messages(seat)}")
        _same_log(ada, ben)


async def _ask_scribe(stage: Stage, ada: Seat, ben: Seat) -> None:
    with stage.step("It came piece by piece; on both sides the pieces add up to the message that was stored") as found:
        started = await _run_of(ada, await _say(stage, ben, QUESTION))
        found(f"{await stage.speaks('Scribe', ada.room.stream(started.run_id))} pieces")
        for seat in (ada, ben):
            await seat.until(partial(_ends, seat, started.run_id), "run.finished")
            _check_answer(seat, started.run_id)
        _same_log(ada, ben)
        found(f"stored as #{_ends(ada, started.run_id)[0].message_seq}")
    with stage.step("It is one run: started once, finished once, with success"):
        for seat in (ada, ben):
            outcomes = [end.outcome for end in _ends(seat, started.run_id)]
            expect(outcomes == ["success"], f"{seat.name} saw it finish with {outcomes}")


async def _run_of(seat: Seat, trigger: int) -> RunStarted:
    def found() -> list[RunStarted]:
        return [e.data for e in seat.events if isinstance(e.data, RunStarted) and e.data.trigger == trigger]

    await seat.until(lambda: bool(found()), "run.started")
    expect(len(found()) == 1, f"one question started {len(found())} runs")
    return found()[0]


def _ends(seat: Seat, run_id: str) -> list[RunFinished]:
    return [e.data for e in seat.events if isinstance(e.data, RunFinished) and e.data.run_id == run_id]


def _check_answer(seat: Seat, run_id: str) -> None:
    deltas = [delta for delta in seat.deltas if delta.run_id == run_id]
    text = "".join(delta.text for delta in deltas)
    final = [e.data.text for e in seat.events if e.run_id == run_id and isinstance(e.data, MessageCreated)]
    expect(len(deltas) > 1, f"{seat.name} got {len(deltas)} deltas")
    expect(final == [text], f"{seat.name} got {text!r} in deltas and {final!r} stored")


async def _drop_and_resume(stage: Stage, ada: Seat, ben: Seat) -> None:
    stage.chapter("Ben's train enters a tunnel")
    with stage.step("His connection breaks, and the room goes on without him"):
        before = ben.events[-1].seq
        ben.tunnel.cut()
        seqs = [await _say(stage, ada, text) for text in MEANWHILE]
        await ada.heard(seqs[-1])
        expect(ben.events[-1].seq == before, "Ben heard something in the tunnel")
    with stage.step(f"Back again, he asks for what came after #{before} and gets just that, each event once"):
        ben.tunnel.end()
        await ben.heard(seqs[-1])
        _same_log(ada, ben)
        counters = ben.room.counters
        expect(counters.reconnects >= 1, "the connection was never lost")
        expect((counters.duplicates, counters.resyncs, ben.resets) == (0, 0, 0), f"it took {counters}")
        caught_up = [e.data.text for e in ben.events if e.seq in seqs and isinstance(e.data, MessageCreated)]
        expect(caught_up == list(MEANWHILE), f"he caught up on {caught_up}")
        await _say(stage, ben, BACK)


# ── what must not work ──────────────────────────────────────────────────────────────────────────────────────────────


async def _say_twice(stage: Stage, ada: Seat) -> None:
    stage.chapter("Things that must not happen")
    with stage.step("Sent twice under one id, a message is stored once and answered alike"):
        text, name = "Good. See you on Friday!", "demo-farewell"
        first, second = [await ada.room.send(text, client_msg_id=name) for _ in range(2)]
        expect((first.seq, second.duplicate) == (second.seq, True), f"it was answered {first} and {second}")
        await ada.heard(first.seq)
        expect(len([m for m in _messages(ada) if m[2] == text]) == 1, "it is in the log twice")
    with stage.step("Another message under the same id is refused"):
        refused = await _refusal(lambda: ada.room.send("See you on Saturday!", client_msg_id=name))
        expect(isinstance(refused, CommandRefused) and refused.code == "conflict", f"it was answered {refused}")


async def _refuse_forgery(stage: Stage, ada: Seat, group_id: str, base_url: str) -> None:
    with stage.step("A routing token with one changed character opens nothing"):
        token = (await ada.client.token(group_id)).routing_token
        address = f"ws{base_url.removeprefix('http')}/groups/{group_id}/ws"
        expect(await _is_let_in(f"{address}?token={token}"), "the token itself opens nothing either")
        expect(not await _is_let_in(f"{address}?token={_forged(token)}"), "the forged token was let in")


def _forged(token: str) -> str:
    head, signature = token.rsplit(".", 1)
    middle = len(signature) // 2
    other = "A" if signature[middle] != "A" else "B"
    return f"{head}.{signature[:middle]}{other}{signature[middle + 1 :]}"


async def _is_let_in(address: str) -> bool:
    """Whether hello is answered: a refusal may come as an HTTP status or as a close."""
    try:
        async with asyncio.timeout(15), connect(address) as socket:
            await socket.send('{"id":1,"hello":{}}')
            return '"ok"' in str(await socket.recv())
    except InvalidStatus as exc:
        expect(exc.response.status_code == 401, f"it was answered {exc.response.status_code}")
    except ConnectionClosed as exc:
        expect(exc.rcvd is not None and exc.rcvd.code == 4500, f"it was closed with {exc}")
    return False


# ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _archive(stage: Stage, ada: Seat, ben: Seat, group_id: str, orchestrator: str) -> Verified:
    stage.chapter("The archive")
    with stage.step("Ada archives the group; both sockets close with 4504 and stay closed"):
        archived = await ada.client.archive(group_id, "The kitchen is open again")
        for seat in (ada, ben):
            await seat.until(partial(getattr, seat, "ended"), "the close")
            ended = seat.ended
            expect(isinstance(ended, Closed) and ended.close_code == 4504, f"{seat.name}'s room ended with {ended}")
        _same_log(ada, ben)
    stage.aside(f"stored as …/{archived.r2_path.rsplit('/', 1)[-1]}")
    with stage.step("Nothing can be said any more, and nobody can come in"):
        late = await _refusal(lambda: ada.room.send("One more thing …"))
        expect(isinstance(late, Closed), f"it was answered {late}")
        again = await _refusal(lambda: ada.client.join(group_id, token_in_query=True).__aenter__())
        expect(again.code == "group_archived", f"asking for a new socket, she was told {again}")
    with stage.step("Downloaded, it is whole: every event, the hash chain, the digest of every part, the signatures"):
        packed = b"".join([chunk async for chunk in ada.client.download_archive(group_id)])
        manifest, jwks, tokens = await ada.client.manifest(group_id), await _jwks(orchestrator), Tokens(HostEs256())
        verified = verify_archive(manifest, packed, jwks, tokens)
        expect([e.seq for e in ada.events] == list(range(1, len(verified.lines) + 1)), "it is not the log Ada saw")
    stage.aside(f"{len(verified.lines)} events in {len(packed)} bytes · chain ends in {verified.head[:16]}…")
    stage.aside(f"signed by controller {verified.controller_id[:16]}…, certified under key {verified.kid[:16]}…")
    with stage.step("Rewritten by somebody who computes every hash anew, it is found out by its signature"):
        try:
            verify_archive(*_rewritten(manifest, verified.lines), jwks, tokens)
        except ArchiveInvalid as exc:
            found_out = str(exc)
        else:
            raise NotAsPromised("the rewritten archive was believed")
    stage.aside(found_out)
    return verified


def _rewritten(manifest: Mapping[str, Any], lines: Sequence[bytes]) -> tuple[Mapping[str, Any], bytes]:
    """What a forger would leave behind who has everything but the key."""
    changed = [line.replace(b"plum cake", b"rum baba") for line in lines]
    packed = gzip.compress(b"".join(line + b"\n" for line in changed))
    digest = hashlib.sha256(packed).hexdigest()
    part = {**manifest["parts"][0], "size_bytes": len(packed), "sha256": digest}
    return {**manifest, "head": chain_head(changed, manifest["seals"]), "parts": [part]}, packed


async def _jwks(orchestrator: str) -> Mapping[str, Any]:
    async with httpx.AsyncClient(base_url=orchestrator) as http:
        answer = await http.get("/.well-known/jwks.json")
        expect(answer.status_code == 200, f"the published keys answer {answer.status_code}")
        keys: Mapping[str, Any] = answer.json()
        return keys


def main() -> None:
    """`make demo`: a stack of its own, on free ports, with nothing left behind; exit code 0 when every step held."""
    ports = Ports(0, 0, 0).resolve()
    with tempfile.TemporaryDirectory(prefix="parley-demo-") as folder:
        keys = local_keys(Path(folder))
        with working("Start the three Workers on the real runtime"):
            stack = Stack.start(root=ROOT, ports=ports, state_dir=None, overrides=overrides(keys, ports))
        with stack:
            stack.migrate()
            register_app_key(stack, keys)
            exit_code = perform(stack.origins, keys.operator_token, out)
            if exit_code != 0:
                out.print("\nWhat the Workers logged last:")
                for level, text in stack.logs()[-20:]:
                    out.print(f"  {level}  {text}", markup=False)
    raise SystemExit(exit_code)
