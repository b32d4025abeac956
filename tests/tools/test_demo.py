import io

from rich.console import Console

from tools.demo import perform


def test_without_a_stack_the_exit_code_is_not_zero_and_the_step_is_named() -> None:
    nowhere = "http://127.0.0.1:9"  # the discard port: nobody listens
    shown = io.StringIO()
    code = perform({"app": nowhere, "orchestrator": nowhere}, "prl_operator", Console(file=shown, width=200))
    assert code == 1
    assert "The demo stopped at: The Harbour Kitchen has an organisation" in shown.getvalue()
    assert "Unreachable" in shown.getvalue()
