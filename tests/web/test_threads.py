"""Answers to one message: quoted in the conversation, together in a thread of their own."""

from selenium.webdriver.common.keys import Keys

from tests.e2e.deployment import Team
from tests.web.conftest import OpenPage
from tests.web.page import Page

THREAD = """
    return [...document.querySelectorAll(".thread .message")].map((row) => row.querySelector(".rich").textContent);
"""


def thread(page: Page) -> list[str]:
    return list(page.js(THREAD))


def test_answers_gather_in_a_thread_that_both_see_grow(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    first = said(team, group_id, "Where shall we eat?")
    said(team, group_id, "Something else altogether")
    second = said(team, group_id, "At the harbour", reply_to=first)
    said(team, group_id, "With the terrace?", reply_to=second)
    ada, ben = open_page("ada", group_id), open_page("ben", group_id)

    for page in (ada, ben):
        assert "2 replies" in page.text(".replies")
        page.click(".replies")
        assert thread(page) == ["Where shall we eat?", "At the harbour", "With the terrace?"]
    ada.press("Yes, there", Keys.ENTER)

    for page in (ada, ben):
        page.until(lambda page: thread(page)[-1:] == ["Yes, there"])
        page.until(lambda page: "3 replies" in page.text(".replies"))
    log = team.get("ada", f"/groups/{group_id}/messages")["events"]
    assert next(e for e in reversed(log) if e["type"] == "message.created")["data"]["reply_to"] == first
    ben.press(Keys.ESCAPE)
    ben.until(lambda _: not ben.all(".thread"))


def test_a_quote_leads_to_its_message_even_when_that_was_not_loaded(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group()
    first = said(team, group_id, "The very first thing")
    open_page("cleo").say_much(team.bearers["ada"], group_id)
    said(team, group_id, "I come back to this", reply_to=first)
    ada = open_page("ada", group_id)

    ada.one(".quoted")
    assert all(message.seq > first for message in ada.messages())
    ada.click(".quoted")
    ada.until(lambda _: ada.js("return document.activeElement.dataset.seq") == str(first))

    assert ada.messages()[0].text == "The very first thing"


def test_replying_quotes_what_is_answered_and_can_be_let_be(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group()
    ada = open_page("ada", group_id)
    ada.say("Who is in?")

    ada.point_at(".message")
    ada.click(".message [aria-label=Reply]")
    assert "Who is in?" in ada.text(".replying")
    ada.press(Keys.ESCAPE)
    ada.until(lambda _: not ada.all(".replying"))
    ada.point_at(".message")
    ada.click(".message [aria-label=Reply]")
    ada.press("I am", Keys.ENTER)

    assert "Who is in?" in ada.text(".quoted")


def said(team: Team, group_id: str, text: str, **more: object) -> int:
    """Ada's words, over HTTP."""
    body = {"client_msg_id": f"m{abs(hash((group_id, text)))}", "text": text, **more}
    return int(team.post("ada", f"/groups/{group_id}/messages", body)["seq"])
