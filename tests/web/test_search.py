"""Finding what was said, and going there."""

from functools import partial

from selenium.webdriver.common.keys import Keys

from tests.e2e.deployment import Team
from tests.web.conftest import OpenPage
from tests.web.page import Page
from tests.web.test_threads import said


def test_what_is_found_is_marked_and_leads_to_the_message(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group()
    # Marks count code points: each of these letters is two of JavaScript's.
    there = said(team, group_id, "🥘🥘🥘 Plum cake for the harbour")
    open_page("cleo").say_much(team.bearers["ada"], group_id)
    ada = open_page("ada", group_id)

    ada.press(Keys.CONTROL, "k")
    ada.one(".searching input").send_keys("plum harb")
    ada.until(lambda _: len(ada.all(".hit")) == 1)
    assert [mark.text for mark in ada.all(".hit mark")] == ["Plum", "harbour"]
    ada.press(Keys.TAB, Keys.ENTER)

    ada.until(lambda _: ada.js("return document.activeElement.dataset.seq") == str(there))


def test_nothing_found_and_nothing_to_look_for_are_said(open_page: OpenPage, team: Team) -> None:
    ada = open_page("ada", team.new_group())

    ada.click("[aria-label='Search this group']")
    for words, answer in (("albatross", "Nothing with these words"), ("?!", "at least one whole word")):
        ada.fill(".searching input", words)
        ada.until(partial(tells, answer))


def tells(answer: str, page: Page) -> bool:
    return answer in page.text(".searching [role=status]")


def test_older_results_come_when_asked_for(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group()
    for number in range(25):
        said(team, group_id, f"soup number {number}")
    ada = open_page("ada", group_id)

    ada.click("[aria-label='Search this group']")
    ada.one(".searching input").send_keys("soup")
    ada.until(lambda _: len(ada.all(".hit")) == 20)
    ada.click(".searching .wide")

    ada.until(lambda _: len(ada.all(".hit")) == 25)
