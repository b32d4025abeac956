import pytest

from app.settings import AppSettings, Idp
from shared.errors import Misconfigured
from tools.es256 import new_private_key

PLAIN = {
    "ENVIRONMENT": "production",
    "APP_ID": "app",
    "APP_ORIGIN": "https://app.test",
    "ORCHESTRATOR_ORIGIN": "https://orchestrator.test",
    "SIGNING_KEY": new_private_key().model_dump_json(),
    "OPERATOR_TOKEN": "x" * 32,
}
ORG = "org_" + "0" * 26
IDP = {
    "IDP_ISSUER": "https://login.test/",
    "IDP_JWKS_URL": "https://login.test/.well-known/jwks.json",
    "IDP_AUDIENCE": "parley",
    "IDP_ORG_ID": ORG,
}


def load(**more: str) -> AppSettings:
    return AppSettings.load({**PLAIN, **more}.get)


def test_without_a_provider_there_is_none() -> None:
    assert load().idp is None
    assert load(IDP_PROVISION="false").idp is None


@pytest.mark.parametrize("provision", [True, False])
def test_a_provider_is_told_as_a_whole(provision: bool) -> None:
    idp = load(**IDP, IDP_PROVISION=str(provision).lower()).idp
    assert idp == Idp(IDP["IDP_ISSUER"], IDP["IDP_JWKS_URL"], "parley", ORG, provision)
    assert load(**IDP).idp == Idp(IDP["IDP_ISSUER"], IDP["IDP_JWKS_URL"], "parley", ORG, provision=False)


@pytest.mark.parametrize(
    "more",
    [
        *({name: IDP[name]} for name in IDP),
        *({key: value for key, value in IDP.items() if key != name} for name in IDP),
        {"IDP_PROVISION": "true"},
        {**IDP, "IDP_PROVISION": "maybe"},
        {**IDP, "IDP_ISSUER": ""},
        {**IDP, "IDP_AUDIENCE": ""},
        {**IDP, "IDP_ORG_ID": "org_x"},
        {**IDP, "IDP_JWKS_URL": "http://login.test/keys"},
        {**IDP, "IDP_JWKS_URL": "https://me:secret@login.test/keys"},
        {**IDP, "IDP_JWKS_URL": "https://login.test/keys#x"},
        {**IDP, "IDP_JWKS_URL": "https://login.test"},
        {**IDP, "IDP_JWKS_URL": "file:///etc/passwd"},
        {**IDP, "IDP_JWKS_URL": "https://login.example/keys"},
    ],
    ids=lambda more: str(more)[:60],
)
def test_half_a_provider_or_a_bad_one_is_refused(more: dict[str, str]) -> None:
    with pytest.raises(Misconfigured):
        load(**more)


def test_plain_http_is_for_a_machine_of_ones_own() -> None:
    assert load(**{**IDP, "IDP_JWKS_URL": "http://127.0.0.1:8080/keys"}, ENVIRONMENT="local").idp is not None


PEOPLE = '[{"name":"Ada","token":"prl_x"}]'


def test_demo_people_are_for_a_developers_machine_alone() -> None:
    with pytest.raises(Misconfigured):
        load(LOCAL_PEOPLE=PEOPLE)
    assert [person.name for person in load(LOCAL_PEOPLE=PEOPLE, ENVIRONMENT="local").local_people] == ["Ada"]
    assert load(LOCAL_PEOPLE="[]").local_people == ()


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("APP_ID", "a", ""),
        ("APP_ID", "a" * 64, "a" * 65),
        ("OPERATOR_TOKEN", "x" * 32, "x" * 31),
        ("OPERATOR_TOKEN", "x" * 200, "x" * 201),
        ("REQUESTS_PER_MINUTE", "1", "0"),
        ("LOCAL_PEOPLE", "[]", "{}"),
    ],
)
def test_a_setting_has_its_bounds(name: str, good: str, bad: str) -> None:
    assert load(**{name: good})
    with pytest.raises(Misconfigured):
        load(**{name: bad})


def test_what_nobody_sets_is_what_the_documents_say() -> None:
    assert load().requests_per_minute == 600


@pytest.mark.parametrize("name", ["IDP_ISSUER", "IDP_AUDIENCE"])
def test_a_provider_and_whom_it_speaks_to_have_names_of_a_length(name: str) -> None:
    for length in (1, 255):
        assert load(**{**IDP, name: "x" * length}).idp is not None
    with pytest.raises(Misconfigured):
        load(**{**IDP, name: "x" * 256})


def test_the_address_of_a_providers_keys_has_a_length() -> None:
    head = "https://login.test/"
    assert load(**{**IDP, "IDP_JWKS_URL": head + "k" * (500 - len(head))}).idp is not None
    for url in (head + "k" * (501 - len(head)), "see " + head + "k"):
        with pytest.raises(Misconfigured):
            load(**{**IDP, "IDP_JWKS_URL": url})
