"""`python -m tools.mutant_judge PATH`: do the tests notice? One target of `mutate` in a process of its own.

Law: nothing on disk changes. The tests are collected once; a mutant of a function is judged in a fork of that process,
by those tests alone that enter the function. What counts at import (a model, a constant) cannot be exchanged behind the
imports: such a mutant is imported instead, in a fork from before them. Going on for ever is noticed as well.
"""

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Final, TextIO

import pytest
import pytest_asyncio.plugin

from tools.mutants import Mutant, mutants
from tools.mutation_targets import TARGETS, Target

ROOT: Final = Path(__file__).resolve().parent.parent
TIME_LIMIT_S: Final = 60
SLOW_TO_IMPORT: Final = (
    "cryptography.hazmat.primitives.asymmetric.ec",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "httpx",
    "hypothesis",
    "jwt",
    "pydantic",
    "starlette.applications",
    "starlette.requests",
)
AT_IMPORT: Final = -1
"""What the number of a test is while there is none."""


def main() -> None:
    [target] = [target for target in TARGETS if target.path == sys.argv[1]]
    for name in SLOW_TO_IMPORT:
        importlib.import_module(name)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    every = list(mutants((ROOT / target.path).read_text(), target.functions))
    for number, alive in enumerate(_in_place(target, every)):
        verdict = _by_import(target, every[number]) if alive is None else alive
        answers.write(json.dumps(verdict) + "\n")
        answers.flush()


# ── forks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _fork(work: Callable[[TextIO], bool]) -> tuple[bool, str]:
    """What this says in a process of its own, and what it has written."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        verdict = False
        try:
            os.close(reading)
            with os.fdopen(writing, "w") as answers:
                verdict = work(answers)
        finally:
            os._exit(0 if verdict else 1)
    os.close(writing)
    with os.fdopen(reading) as written:
        text = written.read()
    return os.waitpid(child, 0)[1] == 0, text


def _pytest(tests: Sequence[str], *plugins: object) -> bool:
    # Handed in as a module: a plugin that is imported already cannot be named.
    return (
        pytest.main(["-x", "-q", "-s", "-p", "no:cacheprovider", *tests], plugins=[pytest_asyncio.plugin, *plugins])
        == 0
    )


# ── by import ───────────────────────────────────────────────────────────────────────────────────────────────────────


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Finder:
    """Finds one module in another form than the one on disk."""

    def __init__(self, path: str, source: str) -> None:
        self._name, self._path, self._source = _module(path), str(ROOT / path), source

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        return spec_from_file_location(name, self._path, loader=_Loader(name, self._path, self._source))


def _by_import(target: Target, mutant: Mutant) -> bool:
    """One file of tests after the other: the first that notices spares collecting the rest."""

    def passes(test: str) -> bool:
        def work(_: TextIO) -> bool:
            signal.alarm(TIME_LIMIT_S)
            sys.meta_path.insert(0, _Finder(target.path, mutant.source))
            # What is set up further above is for tests on the real runtime, and slow to import.
            return _pytest(["--confcutdir", str(Path(test).parent), test])

        return _fork(work)[0]

    return all(map(passes, target.tests))


def _module(path: str) -> str:
    return path.removeprefix("workers/").removesuffix(".py").replace("/", ".")


# ── in place ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_place(target: Target, every: Sequence[Mutant]) -> list[bool | None]:
    """Of each mutant whether it lives, or None for one that has to be imported."""
    passes, text = _fork(lambda answers: _pytest(target.tests, _InPlace(target, every, answers)))
    if not passes:
        raise SystemExit(f"The tests of {target.path} fail before anything was broken.")
    return list(json.loads(text))


class _InPlace:
    """A plugin of pytest that takes over when the tests are collected."""

    def __init__(self, target: Target, every: Sequence[Mutant], answers: TextIO) -> None:
        self._file, self._name = str(ROOT / target.path), _module(target.path)
        self._every, self._answers = every, answers
        self._entered: dict[str, set[int]] = {}
        self._test = AT_IMPORT
        sys.settrace(self._trace)

    def _trace(self, frame: FrameType, event: str, argument: object) -> None:
        """Called for each call, of anything: notes which test enters which function of our file."""
        del event, argument
        if frame.f_code.co_filename == self._file:
            self._entered.setdefault(frame.f_code.co_qualname.split(".<locals>")[0], set()).add(self._test)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        passes, text = _fork(lambda answers: self._watched(session, answers))
        sys.settrace(None)
        session.testsfailed += not passes
        if passes:
            entered = {name: set(tests) for name, tests in json.loads(text).items()}
            json.dump([self._judge(session, mutant, entered) for mutant in self._every], self._answers)
        return True

    def _watched(self, session: pytest.Session, answers: TextIO) -> bool:
        for self._test, item in enumerate(session.items):
            if not _run(session, [item]):
                return False
        json.dump({name: sorted(tests) for name, tests in self._entered.items()}, answers)
        return True

    def _judge(self, session: pytest.Session, mutant: Mutant, entered: dict[str, set[int]]) -> bool | None:
        tests = entered.get(mutant.inside or "", set())
        function, code = _function(sys.modules[self._name], mutant.inside), _code(mutant, self._file)
        if function is None or code is None or AT_IMPORT in tests or function.__code__.co_freevars != code.co_freevars:
            return None

        def work(_: TextIO) -> bool:
            signal.alarm(TIME_LIMIT_S)
            function.__code__ = code
            return _run(session, [session.items[number] for number in sorted(tests)])

        return _fork(work)[0]


def _run(session: pytest.Session, items: Sequence[pytest.Item]) -> bool:
    """Whether they pass; the first that does not is the last."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return False
    return True


def _function(module: object, name: str | None) -> FunctionType | None:
    """The function of this qualified name, when it can be given other code."""
    found: Any = module
    for part in (name or "").split("."):
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    found = getattr(found, "fget", getattr(found, "__func__", found))
    found = getattr(found, "__wrapped__", found)
    return found if isinstance(found, FunctionType) and found.__code__.co_qualname == name else None


def _code(mutant: Mutant, file: str) -> CodeType | None:
    waiting = [compile(mutant.source, file, "exec", dont_inherit=True)]
    while waiting:
        code = waiting.pop()
        if code.co_qualname == mutant.inside:
            return code
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return None


if __name__ == "__main__":
    main()
