"""Groups, the people in them and their agents: made, found, changed and left, before others' eyes."""

from selenium.webdriver.common.keys import Keys

from tests.e2e.deployment import Team
from tests.web.conftest import OpenPage
from tests.web.test_threads import said


def test_settings_change_for_everybody_at_once(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    ada, ben = open_page("ada", group_id), open_page("ben", group_id)

    ada.click(".deeds button")
    ada.fill("dialog [name=title]", "Harbour")
    ada.click("dialog [value=all]")
    ada.click("dialog summary")
    ada.fill("dialog [name=turn_budget]", "3")
    ada.click("dialog .primary")

    for page in (ada, ben):
        page.until(lambda page: page.text(".top h2") == "Harbour")
        page.until(lambda page: "Who answers: every agent" in page.text(".panel"))
    ada.until(lambda _: not ada.all("dialog"))
    record = team.get("ada", f"/groups/{group_id}")
    assert (record["turn_policy"], record["turn_budget"], record["hop_limit"]) == ("all", 3, 4)
    assert not ben.all(".deeds [class=danger]")


def test_settings_that_cannot_be_are_refused_in_words(open_page: OpenPage, team: Team) -> None:
    ada = open_page("ada", team.new_group(agents=()))

    ada.click(".deeds button")
    ada.click("dialog [value=selector]")
    ada.click("dialog .primary")

    assert "selector" in ada.text("dialog [role=alert]")


def test_a_role_changes_and_a_member_is_removed_after_a_second_look(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben", "cleo")
    ada, ben = open_page("ada", group_id), open_page("ben", group_id)

    ada.click("[aria-label='Make owner: Ben']")
    ben.one("[aria-label='Make member: Ada']")
    ben.click("[aria-label='Remove Cleo']")
    ben.click("[aria-label='Really remove Cleo']")

    for page in (ada, ben):
        page.until(lambda page: "Cleo" not in page.text(".panel section:nth-of-type(2) ul"))
    assert {member["name"] for member in team.get("ada", f"/groups/{group_id}")["members"]} == {"Ada", "Ben"}


def test_leaving_leads_out_and_the_last_owner_is_told_why_not(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben")
    ada, ben = open_page("ada", group_id), open_page("ben", group_id)
    leave = (
        "return [...document.querySelectorAll('.deeds button')].find((b) => b.textContent.includes('Leave')).click()"
    )

    ada.js(leave)
    assert "keeps at least one owner" in ada.text(".notice.problem")
    ben.js(leave)
    ben.until(lambda _: not ben.all(".conversation"))

    ada.until(lambda _: "Ben" not in ada.text(".panel section:nth-of-type(2) ul"))


def test_an_agent_is_made_brought_in_changed_and_deleted(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group("ben", agents=())
    ada, ben = open_page("ada", group_id), open_page("ben", group_id)

    ada.click(".sidebar [aria-label=Agents]")
    ada.click("dialog .primary")
    ada.one("dialog [name=name]").send_keys("Clerk")
    ada.one("dialog [name=handle]").send_keys("clerk")
    ada.click("dialog [value=search_history]")
    ada.click("dialog .primary")
    ada.one("[aria-label='Change Clerk']")
    made = next(agent for agent in team.get("ada", "/agents")["agents"] if agent["handle"] == "clerk")
    assert (made["model"], made["tools"]) == ("scribe", ["search_history"])
    team.post("ada", f"/groups/{group_id}/agents", {"agent_id": made["id"]})
    ben.until(lambda _: "@clerk" in ben.text(".panel"))

    ada.click("[aria-label='Change Clerk']")
    ada.fill("dialog [name=name]", "Chief clerk")
    ada.click("dialog .primary")
    ben.until(lambda _: "Chief clerk" in ben.text(".panel"))
    ada.click("[aria-label='Change Chief clerk']")
    ada.click("dialog .start")
    ada.click("dialog .start")

    ben.until(lambda _: "No agent is in the room" in ben.text(".panel"))
    ada.until(lambda _: not ada.all("[aria-label='Change Chief clerk']"))


def test_a_public_group_is_found_in_the_list(open_page: OpenPage, team: Team) -> None:
    group_id = team.new_group(is_private=False)
    cleo = open_page("cleo")

    cleo.click(f".sidebar [href='#/groups/{group_id}']")
    cleo.click(".nowhere .primary")
    cleo.one(".composer textarea:enabled")

    cleo.until(lambda _: "Open to you" not in cleo.text(".sidebar nav"))


def test_what_is_unread_elsewhere_is_counted_until_it_is_read(open_page: OpenPage, team: Team) -> None:
    here, there = team.new_group("ben"), team.new_group("ben")
    ben = open_page("ben", here)
    count = f".sidebar [href='#/groups/{there}'] .count"
    ben.until(lambda _: "joined" in ben.text(".timeline"))

    for text in ("one", "two"):
        said(team, there, text)
    ben.until(lambda _: ben.text(count) == "2")
    ben.until(lambda _: ben.chrome.title.startswith("(2)"))
    ben.open_group(there)
    ben.until(lambda _: team.get("ben", f"/groups/{there}/messages")["events"][-1]["type"] == "read.moved")
    ben.open_group(here)

    assert not ben.all(count)


def test_a_group_is_made_with_an_agent_in_it(open_page: OpenPage, team: Team) -> None:
    ada = open_page("ada")

    ada.click(".sidebar [aria-label='New group']")
    ada.one("dialog .pick")
    ada.one("dialog [name=title]").send_keys("Terrace", Keys.ENTER)

    ada.until(lambda _: ada.all(".composer textarea:enabled"))
    assert ada.text(".top h2") == "Terrace"
    assert "Terrace" in {group["title"] for group in team.get("ada", "/groups")["groups"]}
    assert "@scribe" in ada.text(".panel")
