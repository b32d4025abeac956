"""`parley` against the real runtime: what a script and a person in front of a terminal get."""

import json
import re
import stat
import subprocess
from pathlib import Path

from tests.e2e.command import Shell, command, shell_of
from tests.e2e.deployment import Team
from tools.stack.ports import free_ports


def test_a_message_is_sent_once_however_often_the_command_is_given(team: Team, tmp_path: Path) -> None:
    ada, group_id = shell_of(team, "ada", tmp_path), team.new_group("ben")
    first = ada.ok("send", group_id, "The ovens arrive on Thursday.", "--id", "ovens")
    assert ada.ok("send", group_id, "The ovens arrive on Thursday.", "--id", "ovens") == first
    second = ada.ok("send", "test", "-", "--reply-to", first.strip(), stdin="Who opens\nthe gate?\n")
    assert int(second) == int(first) + 1
    lines = ada.ok("tail", group_id, "--since", "0", "--count", second.strip()).splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["seq"] for event in events] == list(range(1, int(second) + 1))
    assert events[-1]["data"] == {"text": "Who opens\nthe gate?", "mentions": [], "reply_to": int(first)} | {
        "client_msg_id": events[-1]["data"]["client_msg_id"]
    }


def test_a_pipe_takes_part_and_waits_for_the_answer_it_asked_for(team: Team, tmp_path: Path) -> None:
    group_id = team.new_group("ben")
    team.post("ben", f"/groups/{group_id}/messages", {"client_msg_id": "b", "text": "We decided to open on Friday."})
    out = shell_of(team, "ada", tmp_path).ok("chat", group_id, stdin="Morning!\n\n@scribe sum up, please\n")
    said = re.findall(r"^ *#\d+  (\w+)  (.*)", out, re.MULTILINE)
    assert said[:2] == [("Ada", "Morning!"), ("Ada", "@scribe sum up, please")]
    assert said[2][0] == "Scribe"
    assert "We decided to open on Friday." in out


def test_what_others_write_does_not_steer_the_terminal(team: Team, tmp_path: Path) -> None:
    group_id = team.new_group("ben")
    team.post(
        "ben", f"/groups/{group_id}/messages", {"client_msg_id": "1", "text": "\x1b]0;pwned\x07\x1b[2Jhi @scribe"}
    )
    out = shell_of(team, "ada", tmp_path).ok("chat", group_id, stdin="@scribe sum up\n")
    assert "hi" in out
    assert not [character for character in out if ord(character) < 32 and character not in "\n\t"]


def test_signing_in_keeps_the_token_in_a_file_for_its_owner_alone(team: Team, tmp_path: Path) -> None:
    shell, url = Shell(tmp_path), team.deployment.origin("app")
    assert shell.fails("groups") == (
        3,
        "parley: You are not signed in; run `parley login URL`, or `parley login --demo`.",
    )
    assert shell.fails("login", url, stdin="prl_wrong\n")[0] == 3
    path = tmp_path / ".config" / "parley" / "profiles.json"
    assert not path.exists()
    assert shell.run("--as", "ben", "login", url, stdin=team.bearers["ben"] + "\n").returncode == 0
    assert shell.run("login", url, stdin=team.bearers["ada"] + "\n").returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [json.loads(shell.ok(*who, "whoami"))["name"] for who in ((), ("--as", "ben"))] == ["Ada", "Ben"]
    assert shell.fails("--as", "cleo", "whoami")[1] == "parley: Nobody is signed in as 'cleo'; there are ben, default."
    path.chmod(0o644)
    assert "chmod 600" in shell.fails("whoami")[1]
    path.chmod(0o600)
    shell.ok("--as", "ben", "logout")
    assert shell.fails("--as", "ben", "whoami")[0] == 3


def test_demo_people_are_signed_in_by_their_names(team: Team, tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    users = [{"id": team.ids[name], "name": name.title(), "token": team.bearers[name]} for name in ("ada", "ben")]
    demo = {"base_url": team.deployment.origin("app"), "users": users}
    (tmp_path / ".local" / "demo.json").write_text(json.dumps(demo))
    shell = Shell(tmp_path)
    shell.ok("login", "--demo")
    assert [json.loads(shell.ok(*who, "whoami"))["name"] for who in ((), ("--as", "ben"))] == ["Ada", "Ben"]


def test_an_administrator_sets_up_an_org_from_the_command_line(team: Team, tmp_path: Path) -> None:
    url, operator = team.deployment.origin("app"), team.deployment.keys.operator_token
    shell = Shell(tmp_path, {"PARLEY_OPERATOR_TOKEN": operator})
    org = json.loads(shell.ok("--as", "dora", "admin", "create", "org", url, "Bakery", "--owner", "Dora"))
    dora = Shell(tmp_path, {"PARLEY_PROFILE": "dora"})
    emil_id = dora.ok("admin", "create", "person", "Emil").strip()
    token = dora.ok("admin", "create", "token", "emil", "--days", "1").strip()
    agent_id = dora.ok("admin", "create", "agent", "librarian").strip()
    group = ("admin", "create", "group", "Night shift", "--person", "Emil", "--agent", "@librarian")
    group_id = dora.ok(*group).strip()
    emil = Shell(tmp_path, {"PARLEY_URL": url, "PARLEY_TOKEN": token})
    assert json.loads(emil.ok("groups"))["title"] == "Night shift"
    people = [json.loads(line) for line in dora.ok("admin", "list", "people").splitlines()]
    assert {(p["id"], p["name"], p["org_id"]) for p in people} >= {(emil_id, "Emil", org["org_id"])}
    assert json.loads(dora.ok("agents"))["id"] == agent_id
    assert json.loads(dora.ok("admin", "list", "groups"))["group_id"] == group_id
    assert dora.fails("admin", "create", "agent", "librarian") == (
        1,
        "parley: This handle is taken in your org. (conflict)",
    )
    assert emil.fails("admin", "create", "person", "Zoe")[0] == 4


def test_access_is_taken_away_and_given_back_from_the_command_line(team: Team, tmp_path: Path) -> None:
    ada, ben = shell_of(team, "ada", tmp_path), shell_of(team, "ben", tmp_path)
    group_id = team.new_group("ben")
    ada.ok("send", group_id, "Is Ben here?")
    listening = subprocess.Popen(  # noqa: S603 -- our own program
        command("tail", group_id, "--since", "0"),
        env=ben.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert listening.stdout is not None
    assert any("Is Ben here?" in line for line in listening.stdout)

    (token,) = [json.loads(line) for line in ada.ok("admin", "list", "tokens", "Ben").splitlines()]
    assert (token["label"], "token" in token, "revoked_at" in token) == ("test", False, False)
    ada.ok("admin", "revoke", "Ben", token["id"])
    _, told = listening.communicate(timeout=30)
    assert (listening.returncode, told.startswith("parley: ")) in {(3, True), (4, True)}
    assert ben.fails("groups")[0] == 3

    again = Shell(tmp_path, {**ben.env, "PARLEY_TOKEN": ada.ok("admin", "create", "token", "Ben").strip()})
    assert json.loads(again.ok("groups"))["group_id"] == group_id
    ada.ok("admin", "disable", "Ben")
    assert again.fails("groups")[0] == 3
    people = {p["name"]: p for p in map(json.loads, ada.ok("admin", "list", "people").splitlines())}
    assert "disabled_at" in people["Ben"]
    ada.ok("admin", "enable", "Ben")
    fresh = Shell(tmp_path, {**ben.env, "PARLEY_TOKEN": ada.ok("admin", "create", "token", "Ben").strip()})
    assert json.loads(fresh.ok("groups"))["group_id"] == group_id


def test_an_archive_is_fetched_and_judged_by_public_keys_alone(team: Team, tmp_path: Path) -> None:
    ada, group_id = shell_of(team, "ada", tmp_path), team.new_group("ben")
    ada.ok("send", group_id, "Signed and sealed.")
    ada.ok("admin", "archive", group_id, "--reason", "done")
    jwks = team.deployment.origin("orchestrator") + "/.well-known/jwks.json"
    path = Path(ada.ok("download", group_id, "kept").strip())
    (tmp_path / "keys.json").write_text(team.deployment.request("GET", jwks).text)
    stranger = Shell(tmp_path)
    found = json.loads(stranger.ok("verify", str(path), "--jwks", "keys.json"))
    assert found["group_id"] == group_id
    assert json.loads(ada.ok("verify", group_id, "--jwks", jwks)) == found
    whole = (tmp_path / path).read_bytes()
    (tmp_path / path).write_bytes(whole[:-9] + b"x" + whole[-8:])
    code, sentence = stranger.fails("verify", str(path), "--jwks", "keys.json")
    assert (code, sentence.startswith("parley: This archive is not genuine.")) == (6, True)
    assert ada.fails("send", group_id, "too late")[0] == 1
    assert ada.run("tail", group_id).returncode == 1


def test_exit_codes_say_what_to_do_about_a_failure(team: Team, tmp_path: Path) -> None:
    ada, group_id = shell_of(team, "ada", tmp_path), team.new_group()
    assert ada.fails("send", "No such group", "x")[0] == 4
    assert ada.fails("tail", "grp_00000000000000000000000000")[0] == 4
    assert ada.run("send", group_id).returncode == 2
    code, sentence = ada.fails("send", group_id, " ")
    assert (code, "invalid_body" in sentence) == (1, True)
    nowhere = Shell(tmp_path, {**ada.env, "PARLEY_URL": f"http://127.0.0.1:{free_ports(1)[0]}"})
    code, sentence = nowhere.fails("groups")
    assert (code, "could not be reached" in sentence) == (5, True)
    stranger = Shell(tmp_path, {**ada.env, "PARLEY_TOKEN": "prl_wrong"})
    assert stranger.fails("groups")[0] == 3
