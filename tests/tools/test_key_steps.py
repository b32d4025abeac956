import json
import sqlite3
import stat
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.keys import PrivateKey
from tests.fakes import MIGRATIONS
from tools.console import ToolError
from tools.es256 import new_private_key
from tools.key_steps import KeySteps, Told, told
from tools.key_targets import Cloudflare, ThisMachine
from tools.keyring import Keyring, Terms
from tools.local import local_keys

T0, LEAD_S, TAIL_S = 1_800_000_000, 600, 1000
VALID = "SELECT kid FROM app_keys WHERE not_before <= ? AND (not_after IS NULL OR not_after > ?)"
NOW = "2999-01-01T00:00:00.000Z"


class Place:
    """A deployment that is told, with a directory and secrets; `down` makes the next telling break off half-way."""

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        weakref.finalize(self, self.database.close)
        for migration in sorted(MIGRATIONS.glob("*.sql")):
            self.database.executescript(migration.read_text())
        self.secrets: dict[str, str] = {}
        self.down = False
        self.tellings = 0

    def tell(self, told: Told, keyring: Keyring) -> None:
        del keyring
        self.tellings += 1
        for statement in told.sql:
            self.database.execute(statement)
        if self.down:
            raise ToolError("the line is down")
        self.secrets = {name: value for _, name, value in told.secrets}

    @property
    def app_signs(self) -> str:
        return PrivateKey.model_validate_json(self.secrets["SIGNING_KEY"]).thumbprint

    @property
    def app_believed(self) -> set[str]:
        return {kid for (kid,) in self.database.execute(VALID, (NOW, NOW))}

    @property
    def orchestrators(self) -> list[str]:
        return [PrivateKey.model_validate(key).thumbprint for key in json.loads(self.secrets["SIGNING_KEYS"])["keys"]]


class Hands:
    def __init__(self, folder: Path) -> None:
        self.now_s = T0
        self.place = Place()
        terms = Terms(LEAD_S, TAIL_S)
        self.steps = KeySteps(
            folder / "keys" / "keyring.json",
            self.place,
            new_private_key,
            lambda: self.now_s,
            {"app": terms, "orchestrator": terms},
        )


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[Hands]:
    hands = Hands(tmp_path)
    hands.steps.create("parley-app", "x" * 32)
    yield hands
    hands.place.database.close()


def test_a_new_deployment_is_told_its_keys_and_they_are_kept_for_their_owner_alone(hands: Hands) -> None:
    keyring, place = hands.steps.load(), hands.place
    assert keyring.told
    assert place.app_believed == {place.app_signs} == {keyring.app.signing.thumbprint}
    assert place.orchestrators == [keyring.orchestrator.signing.thumbprint]
    assert place.secrets["OPERATOR_TOKEN"] == "x" * 32
    assert stat.S_IMODE(hands.steps.path.stat().st_mode) == 0o600
    assert [path.name for path in hands.steps.path.parent.iterdir()] == ["keyring.json"]
    with pytest.raises(FileExistsError):
        hands.steps.create("parley-app", "y" * 32)


def test_at_every_moment_what_signs_is_believed_and_what_has_signed_is_too(hands: Hands) -> None:
    place = hands.place
    old_app, old_orchestrator = place.app_signs, place.orchestrators[0]
    for role in ("app", "orchestrator"):
        hands.steps.begin(role)
    assert (place.app_signs, place.orchestrators[0]) == (old_app, old_orchestrator)
    assert (len(place.app_believed), len(place.orchestrators)) == (2, 2)
    hands.now_s += LEAD_S - 1
    tellings = place.tellings
    hands.steps.advance()
    assert place.tellings == tellings, "nothing is due, nobody is told"
    hands.now_s += 1
    hands.steps.advance()
    assert place.app_signs != old_app
    assert place.orchestrators[1:] == [old_orchestrator]
    assert place.app_believed == {old_app, place.app_signs}
    hands.now_s += TAIL_S - 1
    hands.steps.advance()
    assert old_app in place.app_believed
    hands.now_s += 1
    hands.steps.advance()
    assert place.app_believed == {place.app_signs}
    assert len(place.orchestrators) == 1


@pytest.mark.parametrize("at", ["begin", "sign"])
def test_what_breaks_off_is_done_again_with_the_same_keys_and_counts_from_then(hands: Hands, at: str) -> None:
    place = hands.place
    if at == "sign":
        hands.steps.begin("app")
        hands.now_s += LEAD_S
    place.down = True
    with pytest.raises(ToolError):
        hands.steps.begin("app") if at == "begin" else hands.steps.advance()
    kept = hands.steps.load()
    assert not kept.told
    place.down = False
    hands.now_s += 5000
    again = hands.steps.advance()
    assert [key.thumbprint for key in again.app.known] == [key.thumbprint for key in kept.app.known]
    assert again.app.due_s(hands.steps.terms["app"]) == hands.now_s + (LEAD_S if at == "begin" else TAIL_S)
    assert place.app_believed == {key.thumbprint for key in again.app.known}


def test_a_second_successor_is_refused_and_nothing_is_told(hands: Hands) -> None:
    hands.steps.begin("app")
    tellings = hands.place.tellings
    with pytest.raises(ValueError, match="under way"):
        hands.steps.begin("app")
    assert hands.place.tellings == tellings


# ── the targets ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dry_run", [True, False])
def test_wrangler_gets_secrets_on_its_standard_input_and_nobody_sees_them(hands: Hands, dry_run: bool) -> None:
    ran: list[tuple[list[str], str]] = []
    said: list[str] = []
    keyring = hands.steps.load()
    target = Cloudflare(lambda arguments, given: ran.append((arguments, given)), said.append, dry_run=dry_run)
    target.tell(told(keyring, T0), keyring)
    assert len(said) == 5
    private = [keyring.app.signing.d, keyring.orchestrator.signing.d, keyring.operator_token]
    assert not [secret for secret in private for line in said if secret in line]
    assert [line for line in said if "secret put" in line] == [
        "wrangler secret put SIGNING_KEYS -e orchestrator  (the value on its standard input)",
        "wrangler secret put SIGNING_KEY -e app  (the value on its standard input)",
        "wrangler secret put OPERATOR_TOKEN -e app  (the value on its standard input)",
    ]
    if dry_run:
        assert ran == []
    else:
        assert not [secret for secret in private for arguments, _ in ran if secret in " ".join(arguments)]
        assert [given for _, given in ran if given][2] == keyring.operator_token
        assert [arguments[:2] for arguments, _ in ran] == [["d1", "execute"]] * 2 + [["secret", "put"]] * 3


def test_this_machine_finds_the_same_keys_in_its_files(hands: Hands, tmp_path: Path) -> None:
    said: list[str] = []
    hands.steps.begin("app")
    keyring = hands.steps.begin("orchestrator")
    folder = tmp_path / "local"
    ThisMachine(folder, said.append, dry_run=True).tell(told(keyring, T0), keyring)
    assert not folder.exists()
    for _ in range(2):
        ThisMachine(folder, said.append).tell(told(keyring, T0), keyring)
    assert len(said) == 6, "what is there already is not written again"
    keys = local_keys(folder)
    assert keys.app == keyring.app.signing
    assert keys.orchestrator.keys == keyring.orchestrator.known
    assert {key.thumbprint for key in keys.app_published} == {key.thumbprint for key in keyring.app.known}


# ── a key was stolen ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stolen_key_is_believed_no_more_at_once_whatever_was_under_way(hands: Hands) -> None:
    hands.steps.begin("app")
    hands.steps.begin("orchestrator")
    others = hands.steps.load().orchestrator
    fresh = hands.steps.revoke("app").app.signing.thumbprint
    assert (hands.place.app_signs, hands.place.app_believed) == (fresh, {fresh})
    assert hands.steps.load().orchestrator == others, "and the other's rotation goes on"
    fresh = hands.steps.revoke("orchestrator").orchestrator.signing.thumbprint
    assert hands.place.orchestrators == [fresh]
    assert fresh not in {key.thumbprint for key in others.known}


def test_a_telling_that_broke_off_is_finished_without_the_stolen_key(hands: Hands) -> None:
    stolen = hands.place.app_signs
    hands.place.down = True
    with pytest.raises(ToolError):
        hands.steps.revoke("app")
    hands.place.down = False
    fresh = hands.steps.advance().app.signing.thumbprint
    assert (hands.place.app_signs, hands.place.app_believed) == (fresh, {fresh})
    assert stolen != fresh
