import pytest

from shared.errors import all_errors
from tools.error_docs import ADVICE
from tools.setting_docs import SECRETS, WORKERS, meanings, text


@pytest.mark.parametrize("worker", WORKERS)
def test_every_setting_says_what_it_means(worker: str) -> None:
    model = WORKERS[worker]
    assert set(model.model_fields) == set(meanings(model)), "put a text below the field"


def test_every_secret_is_one_of_some_worker() -> None:
    assert set(SECRETS) <= {name for model in WORKERS.values() for name in model.model_fields}
    assert text().count("| secret |") == len(SECRETS)


def test_there_is_advice_for_every_error_and_for_nothing_else() -> None:
    assert set(ADVICE) == {error.code for error in all_errors()}
