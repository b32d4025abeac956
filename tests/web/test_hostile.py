"""Whatever somebody writes, the page shows it and runs none of it."""

import pytest

from tests.e2e.deployment import Team
from tests.web.conftest import OpenPage
from tests.web.page import Page

IMAGE = "<img src=x onerror='pwned=1'>"
SCRIPT = "\"><script>pwned=1</script><svg onload='pwned=1'>"
TEXTS = (
    IMAGE,
    SCRIPT,
    "[click](javascript:pwned=1)",
    "[click](JaVaScRiPt:pwned=1) [x](data:text/html,<script>pwned=1</script>)",
    "<a href='javascript:pwned=1'>click</a> javascript:pwned=1",
    "![x](x' onerror='pwned=1)",
    "```html\n<script>pwned=1</script>\n```",
    "`<img src=x onerror=pwned=1>` **<b onmouseover=pwned=1>bold</b>**",
    "&lt;img src=x onerror=pwned=1&gt; \\<script>pwned=1\\</script>",
    '[<img src=x onerror=pwned=1>](https://example.com/"onmouseover="pwned=1)',
)


def test_markup_in_names_titles_and_messages_stays_text(open_page: OpenPage, team: Team) -> None:
    agent = {"handle": "evil", "name": IMAGE, "provider": "builtin", "model": "scribe"}
    team.ids["evil"] = team.post("ada", "/agents", agent)["id"]
    team.ids["mallory"] = team.post("ada", "/people", {"name": SCRIPT})["id"]
    bearer = team.post("ada", f"/people/{team.ids['mallory']}/tokens", {"label": "test"})
    team.bearers["mallory"] = bearer["token"]
    new = {"org_id": team.org_id, "title": SCRIPT + IMAGE, "is_private": False, "agent_ids": [team.ids["evil"]]}
    group_id = team.post("ada", "/groups", new)["group_id"]
    team.post("ada", f"/groups/{group_id}/members", {"user_id": team.ids["mallory"], "role": "member"})
    ada = open_page("ada", group_id)

    for number, text in enumerate((*TEXTS, "@evil sum up")):
        team.post("mallory", f"/groups/{group_id}/messages", {"client_msg_id": f"evil-{number}", "text": text})
    ada.until(lambda _: ada.all(".message.of-agent:not(.live)"))
    ada.one(".composer textarea").send_keys("@")
    ada.one(".completion")

    assert ada.messages()[0].text == IMAGE
    assert ada.text(".top h2") == SCRIPT + IMAGE
    assert_harmless(ada)


def test_markup_beside_the_conversation_stays_text(open_page: OpenPage, team: Team) -> None:
    tools = ["search_history", "get_members"]
    agent = {"handle": "evil", "name": IMAGE, "provider": "builtin", "model": SCRIPT, "tools": tools}
    team.ids["evil"] = team.post("ada", "/agents", agent | {"instructions": SCRIPT})["id"]
    group_id = team.new_group(agents=("evil",))
    first = team.post("ada", f"/groups/{group_id}/messages", {"client_msg_id": "1", "text": f"needle {SCRIPT} {IMAGE}"})
    answer = {"client_msg_id": "2", "text": f"{IMAGE} needle", "reply_to": first["seq"]}
    team.post("ada", f"/groups/{group_id}/messages", answer)
    ada = open_page("ada", group_id)

    assert SCRIPT in ada.text(".quoted")
    ada.click(".replies")
    assert ada.text(".thread .rich") == f"needle {SCRIPT} {IMAGE}"
    assert_harmless(ada)
    ada.click("[aria-label='Search this group']")
    ada.one(".searching input").send_keys("needle onerror")
    ada.until(lambda _: len(ada.all(".hit")) == 2)
    assert IMAGE in ada.text(".hit .words")
    assert_harmless(ada)
    ada.click(".faces")
    ada.one(".panel .tag")
    ada.click(".sidebar [aria-label=Agents]")
    ada.until(lambda _: len(ada.all(".agent-list li")) == 2)
    assert_harmless(ada)
    ada.click(f".agent-list [aria-label={css_text('Change ' + IMAGE)}]")
    assert ada.one("dialog textarea").get_attribute("value") == SCRIPT
    assert_harmless(ada)


def css_text(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def assert_harmless(page: Page) -> None:
    """Nothing of what was written came to life."""
    assert page.js("return window.pwned") is None
    assert page.js("return document.querySelectorAll('img, iframe, object, embed, script:not([src])').length") == 0
    hrefs = page.js("return [...document.querySelectorAll('a')].map((a) => a.href)")
    assert [href for href in hrefs if not href.startswith(("http://", "https://", "mailto:"))] == []
    names = page.js("return [...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames())")
    assert [name for name in names if name.startswith("on")] == []
    assert page.console_errors() == []


ATTEMPTS = ("document.body.innerHTML = '<b>x</b>'", "eval('1')", "document.write('x')")


def test_even_a_mistake_in_the_page_could_not_run_a_string(open_page: OpenPage) -> None:
    page = open_page("ada")
    tries = ", ".join(f"() => {{ {attempt}; }}" for attempt in ATTEMPTS)

    # Later, on the page's own account: what a driver runs stands above the page's policy.
    page.js(f"""setTimeout(() => {{
        window.outcomes = [{tries}].map((act) => {{
            try {{ act(); return "done"; }} catch (error) {{ return error.name; }}
        }});
    }})""")
    page.until(lambda _: page.js("return window.outcomes"))

    assert page.js("return window.outcomes") == ["TypeError", "EvalError", "TypeError"]


@pytest.mark.parametrize("path", ["/", "/main.js", "/style.css", "/parley/parley.js", "/nothing-here"])
def test_every_file_comes_with_the_policy(team: Team, path: str) -> None:
    headers = team.deployment.request("GET", team.deployment.origin("app") + path).headers

    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_wrong_token_is_refused_in_words(open_page: OpenPage) -> None:
    page = open_page("ada")
    page.click("[aria-label='Sign out']")

    page.one("input[name=token]").send_keys("prl_wrong\n")

    assert "not known here" in page.text("#sign-in-problem")
