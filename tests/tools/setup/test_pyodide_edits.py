import pytest

from tools.console import ToolError
from tools.setup.pyodide_edits import EDITS, TAIL, Edit, fit_to_workerd


def pyodide_source() -> str:
    """A loader that holds every text to be edited exactly as often as the real one."""
    return ";".join(edit.text for edit in EDITS for _ in range(edit.expected_count))


def test_every_forbidden_call_is_replaced() -> None:
    fitted = fit_to_workerd(pyodide_source(), "314.0.6")

    assert fitted.endswith(TAIL)
    for gone in ("new WebAssembly.Module", "WebAssembly.instantiate", "Date.now", "crypto.", "eval("):
        assert gone not in fitted
    assert "function loadLibData(){var patched=patchedLoadLibData(" in fitted


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.text)
def test_a_changed_pyodide_is_refused_by_name_and_count(edit: Edit) -> None:
    source = pyodide_source().replace(edit.text, "", 1)

    with pytest.raises(ToolError) as refusal:
        fit_to_workerd(source, "315.0.0")

    text = str(refusal.value)
    assert "Pyodide 315.0.0" in text
    assert f"`{edit.text}` occurs {edit.expected_count - 1} times" in text
    assert f"expected {edit.expected_count}" in text
    assert "tools/setup/pyodide_edits.py" in text
