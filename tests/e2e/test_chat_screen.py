"""The terminal client's screen, steered as a person would, in groups of the running stack."""

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot
from textual.widgets import Input, Static

from parley import Parley
from parley.cli.chat_screen import ChatScreen, Place
from tests.e2e.deployment import Team
from tests.e2e.seat import Sit

PATIENCE_S = 60
LOOK_S = 0.05


def place(client: Parley, title: str, group_id: str) -> Place:
    return Place(title, client.join(group_id))


def text_of(screen: ChatScreen, css: str) -> str:
    return "\n".join(str(widget.content) for widget in screen.query(css).results(Static))


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await pilot.pause(LOOK_S)
    except TimeoutError:
        raise AssertionError(f"never came: {what}") from None


async def test_a_person_talks_in_two_groups_and_an_agent_answers(team: Team, sit: Sit) -> None:
    kitchen, garden = team.new_group("ben"), team.new_group("ben")
    ben = await sit("ben", kitchen)
    async with Parley(team.deployment.origin("app"), team.bearers["ada"]) as client:
        screen = ChatScreen([place(client, "Kitchen", kitchen), place(client, "[b]Garden", garden)])
        async with screen.run_test() as pilot:
            await until(pilot, lambda: "2 here" in text_of(screen, "#state"), "both online")
            await ben.say("We decided to open on [Friday].")
            await until(pilot, lambda: "open on" in text_of(screen, "#log Static"), "Ben's words")

            screen.query_one("#input", Input).value = "@scribe sum up, please"
            await ben.until_type("typing")
            await pilot.press("enter")
            await until(pilot, lambda: "Decided" in text_of(screen, "#log Static"), "the scribe's words")
            await ben.until_type("run.finished")
            await until(pilot, lambda: "▌" not in text_of(screen, "#log Static"), "the end of the answer")

            (await sit("ben", garden)).socket  # noqa: B018 -- he is there
            seat = await sit("ben", garden)
            await seat.say("The roses bloom.")
            await until(
                pilot,
                lambda: "Garden" in text_of(screen, "#groups Static") and "(1)" in text_of(screen, "#groups Static"),
                "unread",
            )
            await pilot.press("ctrl+n")
            await until(pilot, lambda: "roses" in text_of(screen, "#log Static"), "the other group")
            assert "open on" not in text_of(screen, "#log Static")


async def test_the_screen_says_when_the_group_has_ended_and_hears_nothing_more(team: Team) -> None:
    group_id = team.new_group()
    async with Parley(team.deployment.origin("app"), team.bearers["ada"]) as client:
        screen = ChatScreen([place(client, "Kitchen", group_id)])
        async with screen.run_test() as pilot:
            await until(pilot, lambda: "●" in text_of(screen, "#state"), "online")
            await asyncio.to_thread(team.post, "ada", f"/groups/{group_id}/archive", {"reason": "done"})
            await until(pilot, lambda: "archived" in text_of(screen, "#state"), "the end")
            screen.query_one("#input", Input).value = "hello?"
            await pilot.press("enter")
            await until(pilot, lambda: len(screen._notifications) == 1, "a warning")
