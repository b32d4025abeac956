from pathlib import Path

import pytest

from tools.console import Say, ToolError
from tools.setup.steps import Step, digest, perform


class Scene:
    """One step with an input and an output, and a count of how often it ran."""

    def __init__(self, folder: Path) -> None:
        self.stamps = folder / "stamps"
        self.input, self.output = folder / "input", folder / "output"
        self.input.write_text("1")
        self.runs = 0
        self.failing = False

    def perform(self) -> bool:
        return perform(Step("step", "Step", lambda: digest([self.input]), self.output, self._run), self.stamps)

    def _run(self, say: Say) -> None:
        self.runs += 1
        if self.failing:
            raise ToolError("no")
        say("done")
        self.output.write_text(self.input.read_text())


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_step_runs_once_for_the_same_inputs(scene: Scene) -> None:
    assert [scene.perform(), scene.perform()] == [True, False]
    assert scene.runs == 1


def test_a_changed_input_runs_it_again(scene: Scene) -> None:
    scene.perform()
    scene.input.write_text("2")

    assert scene.perform()
    assert scene.output.read_text() == "2"


def test_a_missing_output_runs_it_again(scene: Scene) -> None:
    scene.perform()
    scene.output.unlink()

    assert scene.perform()


def test_a_failed_step_leaves_no_stamp(scene: Scene) -> None:
    scene.perform()
    scene.input.write_text("2")
    scene.failing = True
    with pytest.raises(ToolError):
        scene.perform()
    # Back to the inputs of the first run, whose output may be half overwritten by now.
    scene.input.write_text("1")
    scene.failing = False

    assert scene.perform()


def test_the_key_tells_parts_apart() -> None:
    assert digest(["ab", "c"]) != digest(["a", "bc"])
