"""The page is for everybody: without a mouse, with a screen reader, on a phone, in the dark."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests.e2e.deployment import Team
from tests.web.axe import barriers
from tests.web.conftest import OpenPage
from tests.web.page import Page
from tests.web.test_threads import said

FOCUSED = "return document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


def assert_open(page: Page, state: str) -> None:
    assert barriers(page) == [], state


def assert_open_day_and_night(page: Page, state: str) -> None:
    """The same elements in other colours: nothing has to be opened again to be looked at in the dark."""
    for is_dark in (True, False):
        page.darken(is_dark=is_dark)
        assert_open(page, f"{state}, {'dark' if is_dark else 'light'}")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_no_main_state_has_a_serious_barrier(open_page: OpenPage, team: Team, *, phone: bool) -> None:
    assert_barrier_free = assert_open if phone else assert_open_day_and_night
    group_id, empty = team.new_group("ben"), team.new_group(is_private=False)
    first = said(team, group_id, "See https://example.com, `code` and **this**\n> quoted\n\n- one\n- @scribe")
    said(team, group_id, "An answer", reply_to=first)
    page = open_page("ada", phone=phone)
    assert_barrier_free(page, "nowhere")
    page.open_group(empty)
    assert_barrier_free(page, "an empty group")
    page.open_group(group_id)
    page.say("@scribe sum up")
    page.until(lambda page: page.messages()[-1].by == "Scribe")
    page.one(".composer textarea").send_keys("@")
    page.one(".completion")
    assert_barrier_free(page, "a conversation")
    page.press(Keys.ESCAPE)
    page.js("document.querySelector('.replies').click()")
    page.one(".thread")
    assert_barrier_free(page, "a thread")
    page.press(Keys.ESCAPE)
    page.press(Keys.CONTROL, "k")
    page.one(".searching input").send_keys("answer")
    page.one(".hit")
    assert_barrier_free(page, "a search")
    page.press(Keys.ESCAPE)
    page.click(".faces")
    page.one(".deeds")
    assert_barrier_free(page, "people and agents")
    page.click(".deeds button")
    page.one("dialog [value=all]")
    assert_barrier_free(page, "settings")
    assert_fits(page)


def test_signing_in_agents_and_an_archive_have_no_serious_barrier(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group()
    said(team, group_id, "The last word")
    page = open_page("ada", group_id)
    page.cut_line(cut=True)
    page.write("into the tunnel")
    page.one(".pending")
    assert_open(page, "offline")
    page.cut_line(cut=False)
    page.until(lambda page: not page.all(".pending, .line"))
    page.click(".sidebar [aria-label=Agents]")
    page.one(".agent-list li")
    assert_open(page, "agents")
    page.click("dialog .primary")
    page.one("dialog [name=handle]")
    assert_open(page, "a new agent")
    page.click("dialog header button")
    page.click(".sidebar [aria-label='New group']")
    page.one("dialog .pick")
    assert_open(page, "a new group")
    page.click("dialog header button")
    assert team.call("ada", "POST", f"/groups/{group_id}/archive", {"reason": "Done"}).is_success
    page.until(lambda page: page.all(".over .buttons"))
    page.click(".over button")
    page.click("dialog .primary")
    page.one(".verdict")
    assert_open(page, "a verified archive")
    page.click("dialog header button")
    page.click("[aria-label='Sign out']")
    page.one("input[name=token]")
    assert_open(page, "signing in")


def test_everything_with_a_message_is_done_from_the_keyboard(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    for text in ("First", "Second"):
        said(team, group_id, text)
    ada = open_page("ada", group_id)

    ada.js("document.querySelector('.timeline').focus()")
    ada.press(Keys.ARROW_UP)
    ada.press(Keys.ARROW_UP)
    assert ada.js("return document.activeElement.querySelector('.rich').textContent") == "First"
    ada.press(Keys.TAB)
    assert ada.js(FOCUSED) == "React"
    ada.press(Keys.ENTER)
    ada.until(lambda _: ada.js(FOCUSED) == "thumbs up")
    ada.press(Keys.ENTER)
    ada.one(".reaction.mine")
    assert ada.js("return document.activeElement.matches('.message')")
    for _ in range(3):  # the reaction, React, Reply
        ada.press(Keys.TAB)
    ada.press(Keys.ENTER)
    ada.until(lambda _: ada.js("return document.activeElement.matches('.composer textarea')"))
    ada.press("An answer", Keys.ENTER)
    ada.until(lambda _: "First" in ada.text(".quoted"))


def test_what_others_say_is_told_to_a_screen_reader_once_and_whole(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    ben = open_page("ben", group_id)
    ben.until(lambda _: "joined" in ben.text(".timeline"))

    said(team, group_id, "Dinner is ready")

    told = "return document.querySelector('[data-announcer]').textContent"
    ben.until(lambda _: ben.js(told) == "Ada: Dinner is ready")


def test_a_phone_shows_one_thing_at_a_time_and_nothing_beyond_its_edge(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    first = said(team, group_id, "A " + "long " * 60 + "message with https://example.com/" + "x" * 300)
    said(team, group_id, "```\n" + "wide " * 80 + "\n```", reply_to=first)
    page = open_page("ada", phone=True)
    assert_fits(page)

    page.click(".sidebar .row")
    page.one(".composer textarea:enabled")
    assert not page.one(".sidebar").is_displayed()
    assert_fits(page)
    page.js("document.querySelector('.replies').click()")
    assert page.one(".thread .composer").is_displayed()
    assert_fits(page)
    page.click(".thread [aria-label=Close]")
    page.click(".back")

    page.until(lambda page: page.one(".sidebar").is_displayed())


def assert_fits(page: Page) -> None:
    assert page.js("return document.documentElement.scrollWidth <= innerWidth")
