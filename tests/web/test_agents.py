"""What agents do before people's eyes: ask, choose, and be stopped among themselves. Their models follow a script."""

import pytest

from tests.e2e.deployment import Team
from tests.web.conftest import OpenPage
from tests.web.page import Page
from tests.web.test_hostile import IMAGE, assert_harmless

ADDRESS = "https://prices.test/ovens"
ASKS = f'use:fetch_url {{"url": "{ADDRESS}"}}'


def cast(team: Team, *others: str, **agents: str) -> str:
    """A group of Ada, others and these agents: handle → model."""
    for handle, model in agents.items():
        tools = ["fetch_url"] if model.startswith("use:") else []
        new = {"handle": handle, "name": handle.title(), "provider": "script", "model": model, "tools": tools}
        team.ids[handle] = team.post("ada", "/agents", new)["id"]
    return team.new_group(*others, agents=tuple(agents))


def notice(page: Page, kind: str) -> str:
    return page.text(f"[data-notice='{kind}']")


@pytest.mark.parametrize(("button", "verdict"), [(".primary", "allowed"), (".primary + button", "did not allow")])
def test_an_agent_asks_those_who_may_decide_and_the_others_see_it_wait(
    open_page: OpenPage, team: Team, button: str, verdict: str
) -> None:
    group_id = cast(team, "ben", "cleo", reader=ASKS)
    ada, cleo = open_page("ada", group_id), open_page("cleo", group_id)
    team.post("ben", f"/groups/{group_id}/messages", {"client_msg_id": "1", "text": "@reader what do they cost?"})

    for page in (ada, cleo):
        assert "Reader asks to use fetch_url" in page.text(".approval .asks")
        assert ADDRESS in page.text(".approval pre")
        assert "waiting for a decision" in page.text(".live .state")
    assert "Ada or Ben" in cleo.text(".approval")
    assert not cleo.all(".approval button")
    ada.one(".approval input").send_keys("It is the shop's own page")
    ada.click(f".approval {button}")

    for page in (ada, cleo):
        page.until(lambda page: not page.all(".approval"))
        assert notice(page, "approval.resolved") == (
            f"Ada {verdict} Reader to use fetch_url: “It is the shop's own page”"
        )
        page.until(lambda page: page.messages()[-1].text.startswith("I am back"))
    ada.in_step_with(cleo)


def test_what_an_agent_asks_with_is_shown_and_never_run(open_page: OpenPage, team: Team) -> None:
    group_id = cast(team, reader=ASKS.replace(ADDRESS, IMAGE))
    ada = open_page("ada", group_id)

    ada.say("@reader go")

    assert IMAGE in ada.text(".approval pre")
    assert_harmless(ada)


def test_a_selector_is_seen_choosing_and_its_words_are_not(open_page: OpenPage, team: Team) -> None:
    group_id = cast(team, chair="slow:@expert shall answer this one for all of us now", expert="say:It is 42.")
    policy = {"turn_policy": "selector", "selector_agent_id": team.ids["chair"]}
    assert team.call("ada", "PATCH", f"/groups/{group_id}", policy).is_success
    ada = open_page("ada", group_id)

    ada.write("What is it?")

    assert "is choosing who answers" in ada.text(".choosing .state")
    assert not ada.all(".choosing .rich")
    ada.until(lambda _: ada.messages()[-1:] and ada.messages()[-1].by == "Expert")
    assert [message.text for message in ada.messages()] == ["What is it?", "It is 42."]


def test_a_selector_that_fails_is_told(open_page: OpenPage, team: Team) -> None:
    group_id = cast(team, chair="status:400")
    policy = {"turn_policy": "selector", "selector_agent_id": team.ids["chair"]}
    assert team.call("ada", "PATCH", f"/groups/{group_id}", policy).is_success
    ada = open_page("ada", group_id)

    ada.say("What is it?")

    assert notice(ada, "selector.failed").startswith("Nobody answers.")


def test_agents_that_would_go_on_for_ever_are_paused_and_that_is_told(open_page: OpenPage, team: Team) -> None:
    group_id = cast(team, ping="say:You first, @pong", pong="say:No, you, @ping")
    assert team.call("ada", "PATCH", f"/groups/{group_id}", {"turn_budget": 2}).is_success
    ada = open_page("ada", group_id)

    ada.say("@ping begin")

    assert "Agents paused." in notice(ada, "loop.paused")
    assert "Pong would have gone on" in notice(ada, "loop.paused")
