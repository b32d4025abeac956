import pytest
from pydantic import ValidationError

from shared.errors import Misconfigured
from shared.settings import Origin, Origins, Settings


class Sample(Settings):
    app_origin: Origin
    limit: int = 3
    other_origins: Origins = ()
    note: str = ""


GOOD = {"ENVIRONMENT": "production", "APP_ORIGIN": "https://app.test"}


def refuse(values: dict[str, str]) -> str:
    """The reason that goes to the log."""
    with pytest.raises(Misconfigured) as refusal:
        Sample.load(values.get)
    assert refusal.value.detail == Misconfigured.title, "outside, no setting is named"
    return refusal.value.reason


def test_a_field_is_read_from_the_variable_of_its_name() -> None:
    loaded = Sample.load({**GOOD, "LIMIT": "5"}.get)

    assert (loaded.app_origin, loaded.limit, loaded.environment) == ("https://app.test", 5, "production")


def test_what_was_loaded_stays_as_it_is() -> None:
    with pytest.raises(ValidationError):
        Sample.load(GOOD.get).limit = 5  # type: ignore[misc]


def test_several_origins_are_separated_by_spaces_and_each_is_one() -> None:
    loaded = Sample.load({**GOOD, "OTHER_ORIGINS": "https://a.test  https://b.test:8443"}.get)
    assert loaded.other_origins == ("https://a.test", "https://b.test:8443")
    for wrong in ("https://a.test, https://b.test", "https://a.test/"):
        assert refuse({**GOOD, "OTHER_ORIGINS": wrong}) == "missing or invalid: OTHER_ORIGINS"
    plain = "https://a.test http://b.test"
    assert refuse({**GOOD, "OTHER_ORIGINS": plain}) == "plain HTTP outside a local deployment: OTHER_ORIGINS"


def test_what_is_no_origin_may_speak_of_plain_http() -> None:
    assert Sample.load({**GOOD, "NOTE": "http://a.test"}.get).note == "http://a.test"


def test_what_has_a_default_may_be_missing() -> None:
    assert Sample.load(GOOD.get).limit == 3


def test_everything_that_is_missing_is_named_at_once() -> None:
    assert refuse({}) == "missing or invalid: APP_ORIGIN, ENVIRONMENT"


def test_a_placeholder_is_refused_by_name() -> None:
    assert "APP_ORIGIN" in refuse({**GOOD, "APP_ORIGIN": "https://app.parley.example"})


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "app.test",
        "https://app.test/",
        "https://app.test/path",
        "https://app.test?x",
        "https://user@app.test",
        "https://APP.test",
        "ftp://app.test",
        "https://app.test:",
        "https://app.test:123456",
        "https://app.test\n",
        " https://app.test",
        "https://",
    ],
)
def test_an_origin_is_scheme_host_and_port_and_nothing_else(origin: str) -> None:
    assert refuse({**GOOD, "APP_ORIGIN": origin}) == "missing or invalid: APP_ORIGIN"


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_plain_http_is_for_a_machine_of_ones_own(environment: str) -> None:
    plain = {**GOOD, "APP_ORIGIN": "http://app.test"}
    assert refuse({**plain, "ENVIRONMENT": environment}) == "plain HTTP outside a local deployment: APP_ORIGIN"
    assert Sample.load({**plain, "ENVIRONMENT": "local"}.get).app_origin == "http://app.test"


def test_a_reason_never_repeats_a_value() -> None:
    assert "secret" not in refuse({**GOOD, "LIMIT": "secret"})


@pytest.mark.parametrize("name", ["dev", "prod", "", "Production"])
def test_an_unknown_environment_is_refused(name: str) -> None:
    assert refuse({**GOOD, "ENVIRONMENT": name}) == "missing or invalid: ENVIRONMENT"
