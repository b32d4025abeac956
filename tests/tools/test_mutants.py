import ast
from itertools import pairwise

import pytest

from tools.mutants import mutants
from tools.mutate import ROOT
from tools.mutation_targets import TARGETS, Target

SOURCE = """
LIMIT = 3

class Door:
    def enter(self, age: int, name: str = "") -> bool:
        if age < LIMIT and name in {"ada"}:
            raise ValueError
        return True

def asked(db):
    db.rows("UPDATE people SET name = ?1 WHERE id = ?2 AND left_at IS NULL AND role IN ('a', 'b')")
"""


def made(functions: frozenset[str] | None = None) -> list[str]:
    return [mutant.what.split(":")[0] for mutant in mutants(SOURCE, functions)]


def test_every_mutant_is_another_program() -> None:
    texts = [ast.unparse(ast.parse(SOURCE)), *(mutant.source for mutant in mutants(SOURCE))]
    assert len(set(texts)) == len(texts)
    for before, after in pairwise(texts):
        compile(after, "mutant", "exec")
        assert before != after


def test_each_check_is_dropped_negated_and_widened() -> None:
    assert made(frozenset({"enter"})) == [
        "negated",
        "always",
        "never",
        "without `age < LIMIT`",
        "without `name in {'ada'}`",
        "Lt → LtE",
        "In → NotIn",
        "without element 0",
        "not raised",
        "flipped",
    ]


def test_each_condition_of_a_statement_holds_once_for_every_row() -> None:
    assert made(frozenset({"asked"})) == [
        "not called",
        "always `id = ?2`",
        "always `left_at IS NULL`",
        "always `role IN ('a', 'b')`",
    ]
    [role] = [mutant.source for mutant in mutants(SOURCE) if "always `role" in mutant.what]
    assert "left_at IS NULL AND (role IN ('a', 'b') OR 1)" in role


def test_a_mutant_knows_whose_body_it_is_in() -> None:
    inside = {mutant.what.split(":")[0]: mutant.inside for mutant in mutants(SOURCE)}
    assert (inside["one more"], inside["negated"], inside["always `id = ?2`"]) == (None, "Door.enter", "asked")


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.path)
def test_what_is_to_be_broken_is_there_and_so_are_its_tests(target: Target) -> None:
    assert all((ROOT / test).is_file() for test in target.tests)
    names = {node.name for node in ast.walk(ast.parse((ROOT / target.path).read_text())) if hasattr(node, "name")}
    assert (target.functions or set()) <= names
    assert next(mutants((ROOT / target.path).read_text(), target.functions))
