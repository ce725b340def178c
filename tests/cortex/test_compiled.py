"""Compiled code is that of the sources there are."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

numba = pytest.importorskip("numba", reason="the extra 'fast' is not installed")

PACKAGE = Path(__file__).resolve().parents[2] / "chaoscl"
KERNEL = """
from numba import njit
from chaoscl.cortex.compiled import compiled
from constant import NUMBER

@compiled(__file__, "constant.py")
def number():
    return NUMBER

if __name__ == "__main__":
    print(number(), sum(number.stats.cache_hits.values()))
"""


def answer(folder):
    """What the kernel returns, and how often it was found compiled."""
    given = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "kernel.py"]
    done = subprocess.run(command, env=given, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_changed_file_beside_the_function_s_own_is_compiled_in(tmp_path):
    (tmp_path / "kernel.py").write_text(KERNEL, encoding="utf-8")
    (tmp_path / "constant.py").write_text("NUMBER = 1\n", encoding="utf-8")
    assert answer(tmp_path) == ["1", "0"]
    assert answer(tmp_path) == ["1", "1"]
    (tmp_path / "constant.py").write_text("NUMBER = 2\n", encoding="utf-8")
    assert answer(tmp_path) == ["2", "0"]


def test_where_nothing_can_be_kept_it_is_compiled_each_time():
    from chaoscl.cortex.compiled import compiled

    nowhere = {}
    exec("def three():\n    return 3\n", nowhere)
    with pytest.raises(RuntimeError, match="no locator"):
        numba.njit(cache=True)(nowhere["three"])
    assert compiled(__file__)(nowhere["three"])() == 3


def imported(path):
    """The modules of the package that a file imports, and those that they import."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("chaoscl."):
            other = PACKAGE.parent.joinpath(*node.module.split(".")).with_suffix(".py")
            if other.name != "compiled.py":
                found |= {other} | imported(other)
    return found


def keepers():
    """Each call of compiled() in the package, with its file."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "compiled":
                yield path, [argument.value for argument in node.args[1:]]


def test_everything_that_is_imported_is_named():
    found = list(keepers())
    assert found
    for path, names in found:
        assert {path.with_name(name) for name in names} == imported(path), path


def test_nothing_is_kept_by_numba_alone():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.keyword) and node.arg == "cache"), path
