import pytest

from orchestrator.admission import Admission, Doorkeeper, UpgradeRequest, group_of
from shared.errors import (
    AmbiguousCredential,
    Forbidden,
    InvalidCredential,
    MethodNotAllowed,
    ParleyError,
    UpgradeRequired,
)
from shared.routing import routing_audience, verify_routing_token
from shared.tokens import ORCHESTRATOR, ROUTING, SESSION, RoutingClaims, Tokens
from tests.shared.credential import Credential
from tests.shared.hostile import ES256
from tools.es256 import new_private_key

NOW_S = 1_800_000_000
KEY, STRANGER = new_private_key(), new_private_key()
PAGE = "https://app.test"
DOOR = Doorkeeper(Tokens(ES256), {KEY.thumbprint: KEY.public}, (PAGE, "https://other.test"))
GOOD = Credential(
    ROUTING,
    {
        "iss": ORCHESTRATOR,
        "sub": "usr_1",
        "aud": routing_audience("controller-1"),
        "gid": "grp_1",
        "role": "member",
        "mv": 1,
        "iat": NOW_S,
        "exp": NOW_S + 60,
        "jti": "A" * 22,
    },
    KEY,
)
TOKEN = GOOD.token()
CLAIMS = RoutingClaims.model_validate(GOOD.claims)
UPGRADE = {"upgrade": "websocket"}
BEARER = f"groupchat.bearer.{TOKEN}"


def admit(query: str = "", method: str = "GET", group_id: str = "grp_1", **headers: str) -> Admission:
    named = {name.replace("_", "-"): value for name, value in {**UPGRADE, **headers}.items()}
    return DOOR.admit(UpgradeRequest(method, group_id, query, named), "controller-1", NOW_S)


def refused(kind: type[ParleyError], query: str = "", method: str = "GET", **headers: str) -> ParleyError:
    with pytest.raises(kind) as refusal:
        admit(query, method, **headers)
    assert type(refusal.value) is kind
    return refusal.value


# ── what opens the door ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_in_the_query_admits_its_person() -> None:
    assert admit(f"token={TOKEN}") == Admission(CLAIMS, None)
    assert admit(f"a=1&token={TOKEN}&b=") == Admission(CLAIMS, None)


@pytest.mark.parametrize(
    "offered", ["groupchat.v1, {}", "{},groupchat.v1", " groupchat.v1 ,, {} ", "x, {}, groupchat.v1"]
)
def test_a_token_as_subprotocol_admits_too_and_ours_is_spoken_when_it_was_offered(offered: str) -> None:
    assert admit(sec_websocket_protocol=offered.format(BEARER)) == Admission(CLAIMS, "groupchat.v1")


@pytest.mark.parametrize("offered", [BEARER, f"groupchat.v2, {BEARER}", f"groupchat.v, {BEARER}"])
def test_what_was_not_offered_is_not_spoken(offered: str) -> None:
    assert admit(sec_websocket_protocol=offered) == Admission(CLAIMS, None)


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket", "WEBSOCKET", " websocket "])
def test_the_upgrade_is_read_in_any_letters(upgrade: str) -> None:
    assert admit(f"token={TOKEN}", upgrade=upgrade).claims.sub == "usr_1"


@pytest.mark.parametrize("origin", [PAGE, "https://other.test"])
def test_pages_of_the_allowed_origins_come_in(origin: str) -> None:
    assert admit(f"token={TOKEN}", origin=origin).claims.sub == "usr_1"


# ── what does not ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("upgrade", ["", "h2c", "websocket, h2c", "websocke"])
def test_what_is_no_upgrade_is_told_so(upgrade: str) -> None:
    refused(UpgradeRequired, f"token={TOKEN}", upgrade=upgrade)


@pytest.mark.parametrize("method", ["POST", "HEAD", "get", "PUT"])
def test_an_upgrade_is_a_get(method: str) -> None:
    refused(MethodNotAllowed, f"token={TOKEN}", method)


def test_without_the_header_there_is_no_upgrade() -> None:
    with pytest.raises(UpgradeRequired):
        DOOR.admit(UpgradeRequest("GET", "grp_1", f"token={TOKEN}", {}), "controller-1", NOW_S)


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "null", "", "http://app.test", PAGE + ".evil.test", PAGE + "/"]
)
def test_a_page_of_another_origin_stays_out_whatever_it_holds(origin: str) -> None:
    refused(Forbidden, f"token={TOKEN}", origin=origin)


@pytest.mark.parametrize("query", [f"token={TOKEN}&token={TOKEN}", f"token={TOKEN}&token=", f"token=&%74oken={TOKEN}"])
def test_two_tokens_in_the_query_are_one_too_many(query: str) -> None:
    refused(AmbiguousCredential, query)


@pytest.mark.parametrize("query", [f"token={TOKEN}", "token=", "token=x"])
def test_a_token_in_both_places_is_one_too_many(query: str) -> None:
    refused(AmbiguousCredential, query, sec_websocket_protocol=BEARER)


def test_two_subprotocols_with_a_token_are_one_too_many() -> None:
    refused(AmbiguousCredential, sec_websocket_protocol=f"{BEARER}, groupchat.bearer.x")


@pytest.mark.parametrize("query", ["", "token", "Token=x", "access_token=x", "tokens=x"])
def test_no_token_is_no_entry(query: str) -> None:
    refused(InvalidCredential, query)


def test_no_token_says_so_in_the_log_alone() -> None:
    assert refused(InvalidCredential, sec_websocket_protocol="groupchat.v1").reason == "no routing token"
    assert refused(InvalidCredential, sec_websocket_protocol=TOKEN).reason == "no routing token"


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "A", GOOD.but(exp=NOW_S - 10, iat=NOW_S - 20)])
def test_a_bad_token_is_no_entry(token: str) -> None:
    refused(InvalidCredential, f"token={token}")
    refused(InvalidCredential, sec_websocket_protocol=f"groupchat.v1, groupchat.bearer.{token}")


@pytest.mark.parametrize(
    "claims",
    [{"gid": "grp_2"}, {"aud": routing_audience("controller-2")}, {"aud": "controller-1"}, {"iss": "parley-app"}],
    ids=str,
)
def test_a_token_of_another_group_is_no_entry(claims: dict[str, str]) -> None:
    refused(InvalidCredential, f"token={GOOD.but(**claims)}")


def test_a_token_is_verified_for_the_group_and_the_controller_that_are_asked_for() -> None:
    tokens, keys = Tokens(ES256), {KEY.thumbprint: KEY.public}
    assert verify_routing_token(tokens, TOKEN, keys, "grp_1", "controller-1", NOW_S).sub == "usr_1"
    for group_id, controller_id in (("grp_2", "controller-1"), ("grp_1", "controller-2"), ("grp_2", "controller-2")):
        with pytest.raises(InvalidCredential):
            verify_routing_token(tokens, TOKEN, keys, group_id, controller_id, NOW_S)


def test_the_audience_names_the_controller() -> None:
    assert routing_audience("c1") == "urn:groupchat:gc:c1"


def test_another_key_or_another_kind_is_no_entry() -> None:
    refused(InvalidCredential, f"token={Credential(ROUTING, GOOD.claims, STRANGER).token()}")
    refused(InvalidCredential, f"token={Credential(SESSION, GOOD.claims, KEY).token()}")


# ── which group ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_group_is_in_the_path() -> None:
    assert group_of("/groups/grp_1/ws") == "grp_1"
    for path in ("/groups/grp_1", "/groups/grp_1/ws/", "/groups/a/b/ws", "groups/a/ws", "/group/a/ws", "/groups/a/wss"):
        assert group_of(path) is None
