"""People and an agent in one room, each in front of a browser."""

from selenium.webdriver.common.keys import Keys

from tests.e2e.deployment import Team
from tests.web.conftest import OpenPage
from tests.web.page import Page


def test_two_browsers_and_the_scribe_see_the_same(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    ada, ben = open_page("ada", group_id), open_page("ben", group_id)

    ada.say("We launch on Thursday.")
    ben.until(Page.messages)
    ben.say("I will write the **announcement**.")
    ada.write("@scribe sum up")
    for page in (ada, ben):
        page.until(lambda page: page.messages()[-1:] and page.messages()[-1].by == "Scribe")

    seen = ada.in_step_with(ben)
    assert [message.by for message in seen] == ["Ada", "Ben", "Ada", "Scribe"]
    assert "announcement" in seen[-1].text
    ada.until(lambda _: not ada.all(".live, .pending"))
    assert ada.text(".of-agent .tag") == "Agent"


def test_a_reaction_an_edit_and_a_deletion_reach_the_other_browser(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    ada, ben = open_page("ada", group_id), open_page("ben", group_id)
    ada.say("Frist")
    ada.say("Second")
    ben.until(lambda _: len(ben.messages()) == 2)

    ben.js("document.querySelector('.message').focus()")
    ben.click(".message [aria-label=React]")
    ben.click(".message .tools [aria-label='thumbs up']")
    ada.until(lambda _: ada.all(".reaction"))
    ada.js("document.querySelector('.message').focus()")
    ada.click(".message [aria-label=Edit]")
    ada.js("document.querySelector('.edit textarea').select()")
    ada.one(".edit textarea").send_keys("First")
    ada.click(".edit .primary")
    ben.until(lambda _: ben.messages()[0].text == "First")
    ada.js("document.querySelectorAll('.message')[1].focus()")
    ada.click(".message:nth-of-type(2) [aria-label=Delete], .message:last-child [aria-label=Delete]")
    ada.click(".tools.sure .danger")
    ben.until(lambda _: ben.messages()[1].text == "This message was deleted")

    ada.in_step_with(ben)
    assert "Ben" in str(ada.one(".reaction").get_attribute("title"))


def test_an_agent_is_seen_writing_and_stopped_by_a_button(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    for number in range(50):
        promise = {"client_msg_id": f"p{number}", "text": f"I will bring plate number {number} to the table"}
        team.post("ben", f"/groups/{group_id}/messages", promise)
    ada, ben = open_page("ada", group_id), open_page("ben", group_id)

    ada.write("@scribe sum up")
    ben.until(lambda _: ben.all(".live .rich"))
    ada.click(".live button")

    for page in (ada, ben):
        page.until(lambda page: "was stopped" in page.text(".notice-line:last-child"))
        page.until(lambda page: not page.all(".live"))
    last = ada.in_step_with(ben)[-1]
    assert last.by == "Scribe"
    assert "number 49" not in last.text


def test_offline_and_back_leaves_no_gap_and_says_nothing_twice(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    ada = open_page("ada", group_id)
    ada.say("before")

    ada.cut_line(cut=True)
    assert "offline" in ada.text(".line")
    for number in range(3):
        body = {"client_msg_id": f"gone-{number}", "text": f"while you were away {number}"}
        team.post("ben", f"/groups/{group_id}/messages", body)
    ada.write("from the tunnel")
    ada.one(".pending")
    ada.cut_line(cut=False)
    ada.until(lambda _: not ada.all(".pending, .line"))

    log = team.get("ada", f"/groups/{group_id}/messages")["events"]
    said = [(event["seq"], event["data"]["text"]) for event in log if event["type"] == "message.created"]
    assert [(message.seq, message.text) for message in ada.messages()] == said
    assert [text for _, text in said] == ["before", *(f"while you were away {n}" for n in range(3)), "from the tunnel"]


def test_older_messages_come_in_when_one_scrolls_up(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group()
    for number in range(70):
        team.post("ada", f"/groups/{group_id}/messages", {"client_msg_id": f"c{number}", "text": f"message {number}"})
    ada = open_page("ada", group_id)

    ada.until(lambda _: len(ada.messages()) >= 50)
    ada.js("document.querySelector('.timeline').scrollTop = 0")
    ada.until(lambda _: len(ada.messages()) == 70)

    assert [message.text for message in ada.messages()] == [f"message {number}" for number in range(70)]
    assert ada.all(".beginning")


def test_an_archived_group_can_be_read_and_not_written_to(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    ada, ben = open_page("ada", group_id), open_page("ben", group_id)
    ada.say("The last word")
    before = ada.messages()

    ada.click(".deeds .danger")
    ada.one("dialog input").send_keys("Done")
    ada.click("dialog .primary")

    for page in (ada, ben):
        page.until(lambda page: "Archived on" in page.text(".over"))
        page.until(lambda page: page.messages() == before)
        assert not page.all(".composer")
        assert [button.text for button in page.all(".over button")] == [
            "Verify",
            "Archive",
            "Manifest",
            *(["Bring back"] if page is ada else []),
        ]


def test_a_group_that_was_brought_back_goes_on_before_everybodys_eyes(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    ada, ben = open_page("ada", group_id), open_page("ben", group_id)
    ada.say("Until then")
    assert team.call("ada", "POST", f"/groups/{group_id}/archive", {"reason": "Done"}).is_success
    for page in (ada, ben):
        page.until(lambda page: "Archived on" in page.text(".over"))

    ada.click(".over button:last-child")
    ada.one("dialog input").send_keys("More to do", Keys.ENTER)
    ada.say("And on")

    ben.js("dispatchEvent(new Event('focus'))")
    ben.until(lambda _: [message.text for message in ben.messages()] == ["Until then", "And on"])
    ben.say("Good")
    ada.in_step_with(ben)


def test_whoever_is_removed_is_told_and_sees_nothing_further(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    ben = open_page("ben", group_id)
    assert team.call("ada", "DELETE", f"/groups/{group_id}/members/{team.ids['ben']}").is_success

    ben.until(lambda _: ben.all(".line.final") or ben.all(".nowhere"))
    team.post("ada", f"/groups/{group_id}/messages", {"client_msg_id": "secret", "text": "about Ben"})

    assert "about Ben" not in ben.text("body")


def test_a_public_group_is_joined_through_its_link(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group(is_private=False)
    cleo = open_page("cleo", group_id)

    cleo.click(".nowhere .primary")
    cleo.say("Hello")

    assert cleo.messages()[-1].by == "Cleo"
