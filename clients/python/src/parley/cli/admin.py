"""`parley admin …`: orgs, people, tokens, agents and groups."""

import os
import sys
from collections.abc import AsyncIterator, Callable
from getpass import getpass
from typing import Annotated

import typer

from parley.cli.failures import NOT_ALLOWED, CommandFailed
from parley.cli.groups import group_id_of
from parley.cli.output import note, put, put_all, put_json, watched
from parley.cli.profiles import Profile, config_path, load, save
from parley.cli.session import finished, session_of
from parley.client import Parley
from parley.records import Person

app = typer.Typer(help="Orgs, people, tokens, agents, groups.", no_args_is_help=True)
create = typer.Typer(help="Make one.", no_args_is_help=True)
listing = typer.Typer(help="See them.", no_args_is_help=True)
app.add_typer(create, name="create")
app.add_typer(listing, name="list")

PersonWord = Annotated[str, typer.Argument(metavar="PERSON", help="A person's id or name.")]


async def person_of(client: Parley, word: str) -> Person:
    """Raises CommandFailed when there is no such person, or more than one of that name."""
    everybody = [person async for person in client.people()]
    found = [person for person in everybody if word == person.id or word.casefold() == person.name.casefold()]
    if len(found) > 1:
        raise CommandFailed(f"{word} may be any of {', '.join(person.id for person in found)}; give the id.")
    if not found:
        raise CommandFailed(f"There is nobody called {word} in your org.", NOT_ALLOWED)
    return found[0]


# ── create ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@create.command("org")
def create_org(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="The deployment's address.")],
    name: Annotated[str, typer.Argument(help="What the org is called.")],
    owner: Annotated[str, typer.Option(help="The name of the person who will own it.")],
) -> None:
    """An org and its owner, as whom you are then signed in. Takes the operator's token: from PARLEY_OPERATOR_TOKEN,
    else asked for or read from stdin."""
    session = session_of(context)

    async def act() -> None:
        path = config_path(os.environ)
        profiles = load(path)
        if session.name in profiles:
            raise CommandFailed(f"Somebody is signed in as {session.name!r} already; choose another name with --as.")
        async with Parley(url, _operator_token()) as operator:
            created = await operator.create_org(name, owner)
        save(path, {**profiles, session.name: Profile(url.rstrip("/"), created.token)})
        note(f"{created.owner.name} owns {created.org.name}; you are signed in as {session.name}.")
        put(created.org.id) if watched() else put_json({"org_id": created.org.id, "owner_id": created.owner.id})

    finished(act)


def _operator_token() -> str:
    token = os.environ.get("PARLEY_OPERATOR_TOKEN", "").strip()
    if not token:
        token = (getpass("Operator token: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not token:
        raise CommandFailed("There was no operator token.")
    return token


@create.command("person")
def create_person(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the others see.")],
    role: Annotated[str, typer.Option(help="member or admin.")] = "member",
) -> None:
    """A person of your org; prints the id."""
    put(session_of(context).run(lambda client: client.create_person(name, role)).id)


@create.command("token")
def create_token(
    context: typer.Context,
    person: PersonWord,
    label: Annotated[str, typer.Option(help="What it is for.")] = "made with parley",
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long it lives; without: 90.")] = None,
) -> None:
    """A token for a person; it is printed this once."""

    async def act(client: Parley) -> str:
        found = await person_of(client, person)
        return (await client.create_token(found.id, label, expires_in_days=days)).token

    put(session_of(context).run(act))


@create.command("agent")
def create_agent(
    context: typer.Context,
    handle: Annotated[str, typer.Argument(help="What one types behind @.")],
    name: Annotated[str, typer.Option(help="What the others see; without: the handle.")] = "",
    provider: Annotated[str, typer.Option(help="Where its words come from.")] = "builtin",
    model: Annotated[str, typer.Option(help="Which of the provider's models; without: the handle.")] = "",
    instructions: Annotated[str, typer.Option(help="What it is told before every turn.")] = "",
    tool: Annotated[list[str] | None, typer.Option(help="A tool it may use; may be repeated.")] = None,
) -> None:
    """An agent of your org; prints the id."""

    async def act(client: Parley) -> str:
        made = await client.create_agent(
            handle,
            name or handle.title(),
            provider=provider,
            model=model or handle,
            instructions=instructions,
            tools=tuple(tool or ()),
        )
        return made.id

    put(session_of(context).run(act))


@create.command("group")
def create_group(
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="What it is called.")],
    person: Annotated[list[str] | None, typer.Option(help="Who is in it besides you; may be repeated.")] = None,
    agent: Annotated[list[str] | None, typer.Option(help="An agent's handle or id; may be repeated.")] = None,
    public: Annotated[bool, typer.Option("--public", help="Everybody in the org may join.")] = False,
) -> None:
    """A group that you own; prints the id."""

    async def act(client: Parley) -> str:
        everybody = [await person_of(client, word) for word in person or ()]
        known = {key: found.id async for found in client.agents() for key in (found.id, found.handle)}
        for word in agent or ():
            if word.removeprefix("@") not in known:
                raise CommandFailed(f"There is no agent {word} in your org.", NOT_ALLOWED)
        agent_ids = tuple(known[word.removeprefix("@")] for word in agent or ())
        me = await client.me()
        made = await client.create_group(me.org_id, title, is_private=not public, agent_ids=agent_ids)
        for member in everybody:
            if member.id != me.id:
                await client.add_member(made.group_id, member.id)
        return made.group_id

    put(session_of(context).run(act))


# ── list ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _list(context: typer.Context, of: Callable[[Parley], AsyncIterator[object]], columns: tuple[str, ...]) -> None:
    async def act(client: Parley) -> list[object]:
        return [found async for found in of(client)]

    put_all(session_of(context).run(act), columns)


@listing.command("groups")
def list_groups(context: typer.Context) -> None:
    """The groups you are in."""
    _list(context, lambda client: client.groups(), ("group_id", "title", "status", "created_at"))


@listing.command("people")
def list_people(context: typer.Context) -> None:
    """The people of your org."""
    _list(context, lambda client: client.people(), ("id", "name", "role", "disabled_at"))


@listing.command("agents")
def list_agents(context: typer.Context) -> None:
    """The agents of your org."""
    _list(context, lambda client: client.agents(), ("id", "handle", "name", "provider", "model"))


@listing.command("tokens")
def list_tokens(context: typer.Context, person: PersonWord) -> None:
    """A person's tokens, never their texts."""

    async def act(client: Parley) -> list[object]:
        found = await person_of(client, person)
        return [token async for token in client.tokens(found.id)]

    put_all(session_of(context).run(act), ("id", "label", "created_at", "expires_at", "revoked_at"))


# ── change ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command("disable")
def disable(context: typer.Context, person: PersonWord) -> None:
    """Shut a person out: all their tokens and connections end at once."""

    async def act(client: Parley) -> None:
        await client.disable_person((await person_of(client, person)).id)

    session_of(context).run(act)


@app.command("enable")
def enable(context: typer.Context, person: PersonWord) -> None:
    """Let a person in again; they need a new token."""

    async def act(client: Parley) -> None:
        await client.enable_person((await person_of(client, person)).id)

    session_of(context).run(act)


@app.command("revoke")
def revoke(
    context: typer.Context,
    person: PersonWord,
    token_id: Annotated[str, typer.Argument(metavar="TOKEN", help="The token's id; see `admin list tokens`.")],
) -> None:
    """End one token of a person."""

    async def act(client: Parley) -> None:
        await client.revoke_token((await person_of(client, person)).id, token_id)

    session_of(context).run(act)


@app.command("archive")
def archive(
    context: typer.Context,
    group: Annotated[str, typer.Argument(metavar="GROUP", help="A group's id, its title, or how the title begins.")],
    reason: Annotated[str, typer.Option(help="Why; everybody reads it.")],
) -> None:
    """End a group for good and store its log; `parley download` fetches it."""

    async def act(client: Parley) -> str:
        return (await client.archive(await group_id_of(client, group), reason)).r2_path

    put(session_of(context).run(act))
