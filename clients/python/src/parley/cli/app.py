"""`parley …`: the commands of everyday. Those of an administrator are in `admin`."""

import json
import os
import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from parley.cli import admin
from parley.cli.chat_lines import chat as chat_in_lines
from parley.cli.chat_lines import stdin_lines
from parley.cli.failures import NOT_ALLOWED, CommandFailed
from parley.cli.groups import group_id_of
from parley.cli.output import note, put, put_all, put_json, watched
from parley.cli.profiles import DEFAULT, Profile, config_path, demo_profiles, load, save
from parley.cli.session import Session, finished, session_of
from parley.cli.speaking import Tail
from parley.cli.speaking import send as send_message
from parley.cli.verifying import Archive, Genuine, archive_of_file, archive_of_group, keys_at, verified
from parley.client import Parley
from parley.group import Group

EXIT_CODES = (
    "Exit codes: 0 done · 1 refused · 2 misread command · 3 sign in · 4 not found or not allowed · 5 try again later · "
    "6 archive not genuine"
)

app = typer.Typer(
    name="parley",
    help="Group chat for people and AI agents, from a terminal or a script.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(admin.app, name="admin")

Who = Annotated[str, typer.Option("--as", metavar="NAME", envvar="PARLEY_PROFILE", help="Whom you signed in as.")]
GroupWord = Annotated[str, typer.Argument(metavar="GROUP", help="A group's id, its title, or how the title begins.")]


@app.callback()
def begin(context: typer.Context, name: Who = DEFAULT) -> None:
    context.obj = Session(name)


# ── who one is ──────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def login(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="The deployment's address.")] = "",
    demo: Annotated[bool, typer.Option("--demo", help="The demo people of a stack on this machine.")] = False,
) -> None:
    """Keep an address and a token, in a file that only you can read. The token is asked for, or read from stdin."""
    session = session_of(context)

    async def check(profile: Profile) -> str:
        async with Parley(profile.base_url, profile.token) as client:
            return (await client.me()).name

    async def act() -> None:
        if not demo and not url.startswith(("http://", "https://")):
            raise CommandFailed("Give the deployment's address, which begins with https://, or --demo.")
        found = demo_profiles(Path.cwd()) if demo else {session.name: Profile(url.rstrip("/"), _asked_token())}
        names = [await check(profile) for profile in dict.fromkeys(found.values())]
        path = config_path(os.environ)
        save(path, {**load(path), **found})
        note(f"Signed in as {', '.join(names)} at {next(iter(found.values())).base_url}; kept in {path}")

    finished(act)


def _asked_token() -> str:
    token = getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not token.strip():
        raise CommandFailed("There was no token.")
    return token.strip()


@app.command()
def logout(context: typer.Context) -> None:
    """Forget this profile's token here; `parley admin revoke` ends it everywhere."""
    session = session_of(context)

    async def act() -> None:
        path = config_path(os.environ)
        profiles = load(path)
        if profiles.pop(session.name, None) is None:
            raise CommandFailed(f"Nobody is signed in as {session.name!r}.")
        save(path, profiles)

    finished(act)


@app.command()
def whoami(context: typer.Context) -> None:
    """The person behind the token, and where."""
    session = session_of(context)
    me = session.run(lambda client: client.me())
    put(f"{me.name} ({me.role}) at {session.profile.base_url}") if watched() else put_json(me)


# ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def groups(context: typer.Context) -> None:
    """The groups you are in."""

    async def act(client: Parley) -> list[object]:
        return [group async for group in client.groups()]

    put_all(session_of(context).run(act), ("group_id", "title", "status", "created_at"))


@app.command()
def agents(context: typer.Context) -> None:
    """The agents of your org."""

    async def act(client: Parley) -> list[object]:
        return [agent async for agent in client.agents()]

    put_all(session_of(context).run(act), ("id", "handle", "name", "provider", "model"))


@app.command()
def tail(
    context: typer.Context,
    group: GroupWord,
    since: Annotated[int | None, typer.Option(min=0, help="From after this seq on; 0 is from the beginning.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    deltas: Annotated[bool, typer.Option("--deltas", help="Also what agents are saying, piece by piece.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on a terminal, too.")] = False,
) -> None:
    """What happens in a group, as it happens, over any number of reconnects. Into a pipe: one JSON object a line."""

    async def act(client: Parley) -> None:
        room = client.join(await group_id_of(client, group), since=since)
        await Tail(since, count, deltas, as_json).follow(room)

    session_of(context).run(act)


# ── speaking ────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def send(
    context: typer.Context,
    group: GroupWord,
    text: Annotated[str, typer.Argument(help="What to say; - reads it from stdin.")],
    message_id: Annotated[str | None, typer.Option("--id", help="Said again under this id, it is stored once.")] = None,
    reply_to: Annotated[int | None, typer.Option(min=1, help="The seq of the message that it answers.")] = None,
) -> None:
    """Say one thing, and print the seq under which it is stored."""
    words = sys.stdin.read().rstrip("\n") if text == "-" else text

    async def act(client: Parley) -> int:
        return (await send_message(client, group, words, message_id=message_id, reply_to=reply_to)).seq

    put(str(session_of(context).run(act)))


@app.command()
def chat(
    context: typer.Context,
    chosen: Annotated[list[str] | None, typer.Argument(metavar="GROUP …", help="Without any: all you are in.")] = None,
) -> None:
    """Take part. On a terminal with a screen of its own; in a pipe, lines in are messages, lines out what is said."""
    session = session_of(context)

    async def act(client: Parley) -> None:
        if sys.stdin.isatty() and watched():
            return await _on_screen(client, chosen or [])
        if len(chosen or []) != 1:
            raise CommandFailed("In a pipe, name one group.")
        room = client.join(await group_id_of(client, (chosen or [""])[0]))
        return await chat_in_lines(room, stdin_lines())

    session.run(act)


async def _on_screen(client: Parley, words: list[str]) -> None:
    # Only now: it takes longer to import than everything else together.
    from parley.cli.chat_screen import ChatScreen, Place  # noqa: PLC0415

    titles = {found.group_id: found.title async for found in client.groups() if found.status == "active"}
    ids = [await group_id_of(client, word) for word in words] or list(titles)
    if not ids:
        raise CommandFailed("You are in no group that is active.", NOT_ALLOWED)
    places = [Place(titles.get(group_id, group_id), _room(client, group_id)) for group_id in ids]
    await ChatScreen(places).run_async()


def _room(client: Parley, group_id: str) -> Group:
    return client.join(group_id)


# ── archives ────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def download(
    context: typer.Context,
    group: GroupWord,
    folder: Annotated[Path, typer.Argument(help="Where to put it.", file_okay=False)] = Path(),
) -> None:
    """A group's archive and its manifest, as two files."""

    async def act(client: Parley) -> Path:
        group_id = await group_id_of(client, group)
        archive = await archive_of_group(client, group_id)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{group_id}.ndjson.gz"
        path.write_bytes(archive.packed)
        (folder / f"{group_id}.manifest.json").write_text(_compact(archive))
        return path

    put(str(session_of(context).run(act)))


def _compact(archive: Archive) -> str:
    return json.dumps(archive.manifest, ensure_ascii=False, separators=(",", ":"))


@app.command()
def verify(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="FILE|GROUP", help="A downloaded archive, or a group of yours.")],
    jwks: Annotated[str, typer.Option(help="The Orchestrator's public keys: a file or an address.")],
) -> None:
    """Whether an archive is whole and who vouches for it, by its bytes and public keys alone."""
    session, file = session_of(context), Path(what)
    on_disk = file.is_file()

    async def act() -> Genuine:
        if on_disk:
            return verified(archive_of_file(file), await keys_at(jwks))
        async with Parley(session.profile.base_url, session.profile.token) as client:
            return verified(await archive_of_group(client, what), await keys_at(jwks))

    genuine = finished(act)
    if watched():
        erased = f", {genuine.erased} of them without their words" if genuine.erased else ""
        put(f"Genuine: {genuine.events} events of {genuine.group_id}{erased}.")
        put(f"The chain ends in {genuine.head}, signed by {genuine.signed_by} under key {genuine.key}.")
    else:
        put_json(genuine)


def run() -> None:
    app(prog_name="parley")
