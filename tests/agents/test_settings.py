"""Where models are: named by the deployment, checked before anything is called."""

import json

import pytest

from agents.settings import AgentsSettings, endpoints
from durable_objects.runs import LEASE_MS
from shared.errors import Misconfigured

ORIGINS = {
    "ENVIRONMENT": "production",
    "AGENTS_ORIGIN": "https://agents.test",
    "ORCHESTRATOR_ORIGIN": "https://orchestrator.test",
}
OPENAI = {"name": "openai", "base_url": "https://api.openai.com/v1", "key_secret": "OPENAI_API_KEY"}


def load(*providers: object, **more: str) -> AgentsSettings:
    return AgentsSettings.load({**ORIGINS, "PROVIDERS": json.dumps(providers), **more}.get)


def test_there_need_not_be_any() -> None:
    assert AgentsSettings.load(ORIGINS.get).providers == load().providers == ()


def test_a_provider_gets_the_key_of_its_secret() -> None:
    found = endpoints(load(OPENAI), {"OPENAI_API_KEY": "sk-1"}.get)
    assert {name: (point.base_url, point.key) for name, point in found.items()} == {
        "openai": ("https://api.openai.com/v1", "sk-1")
    }


def test_one_without_a_secret_has_no_key() -> None:
    local = {"name": "local", "base_url": "http://127.0.0.1:11434/v1"}
    assert endpoints(load(local), lambda _: None)["local"].key is None


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_secret_is_named(value: str | None) -> None:
    with pytest.raises(Misconfigured) as refusal:
        endpoints(load(OPENAI), lambda _: value)
    assert refusal.value.reason == "missing: OPENAI_API_KEY"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "builtin"},
        {"name": "python"},
        {"name": "workers-ai"},
        {"name": "pydantic-ai"},
        {"name": "Open AI"},
        {"base_url": "http://api.openai.com/v1"},
        {"base_url": "http://127.0.0.1.evil.test/v1"},
        {"base_url": "https://user:password@api.openai.com/v1"},
        {"base_url": "https://api.openai.com/v1/"},
        {"base_url": "https://api.openai.com/v1?x=1"},
        {"base_url": "https://api.openai.com/v1\n"},
        {"key_secret": "sk-123"},
        {"key": "sk-123"},
    ],
)
def test_a_bad_provider_is_refused_by_the_name_of_the_setting(change: dict[str, str]) -> None:
    with pytest.raises(Misconfigured) as refusal:
        load(OPENAI | change)
    assert refusal.value.reason == "missing or invalid: PROVIDERS"


def test_a_name_is_given_once() -> None:
    with pytest.raises(Misconfigured):
        load(OPENAI, OPENAI)


@pytest.mark.parametrize("text", ["", "{", "{}", "7"])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured):
        AgentsSettings.load({**ORIGINS, "PROVIDERS": text}.get)


def test_hosts_and_tools_are_lists_of_names() -> None:
    found = load(FETCH_ALLOWED_HOSTS="docs.python.org  example.com", ASK_FIRST="fetch_url")
    assert (found.fetch_allowed_hosts, found.ask_first) == (("docs.python.org", "example.com"), ("fetch_url",))
    assert (load(FETCH_ALLOWED_HOSTS="", ASK_FIRST="").fetch_allowed_hosts, load().ask_first) == ((), ())


@pytest.mark.parametrize(
    "host",
    [
        "*",
        "*.test",
        "https://a.test",
        "a.test/x",
        "a.test:443",
        "10.0.0.1",
        "169.254.169.254",
        "localhost",
        "A.test",
        "[::1]",
    ],
)
def test_what_is_no_host_of_the_web_is_refused(host: str) -> None:
    with pytest.raises(Misconfigured, match="FETCH_ALLOWED_HOSTS"):
        load(FETCH_ALLOWED_HOSTS=host)


def test_this_machine_is_read_only_in_a_local_deployment() -> None:
    assert load(ENVIRONMENT="local", FETCH_ALLOWED_HOSTS="127.0.0.1:8080").fetch_allowed_hosts == ("127.0.0.1:8080",)
    with pytest.raises(Misconfigured, match="FETCH_ALLOWED_HOSTS"):
        load(FETCH_ALLOWED_HOSTS="127.0.0.1:8080")


def test_a_bad_tool_name_is_refused() -> None:
    with pytest.raises(Misconfigured, match="ASK_FIRST"):
        load(ASK_FIRST="Fetch-Url")


def test_a_model_is_given_half_a_minute_and_never_more_than_a_group_waits() -> None:
    assert load().model_silence_s == 30
    assert load(MODEL_SILENCE_S="5").model_silence_s == 5
    assert load(MODEL_SILENCE_S="55").model_silence_s * 1000 < LEASE_MS
    for value in ("0", "56", "soon"):
        with pytest.raises(Misconfigured):
            load(MODEL_SILENCE_S=value)
