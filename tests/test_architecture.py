"""The house rules of which room may import which."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "chaoscl"
LOWER = {
    "cortex": set(),
    "evaluation": {"registry"},
    "data": {"registry"},
    "streams": {"data"},
    "models": {"cortex"},
    "runs": {"cortex", "data", "streams", "models", "evaluation"},
    "reports": {"evaluation"},
    "published": set(),
}
LOWER["testing"] = set(LOWER)
LOWER["commands"] = set(LOWER)
"""What a user calls is on top; with the contract tests it alone may use the modules that stand beside the rooms."""
COMMON = {"__version__", "errors", "seeds", "files", "compat", "hyper", "registry"}
BESIDE = {"cli", "listing", "api", "config"}
FOREIGN = {"cortex": {"torch", "numpy", "numba", "triton"}, "evaluation": {"numpy", "pandas", "scipy"}}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("room", LOWER)
def test_arrows_run_one_way(room):
    allowed = LOWER[room] | {room} | (set() if room in FOREIGN else COMMON)
    for path in (PACKAGE / room).rglob("*.py"):
        ours = {name.split(".")[1] for name in imports(path) if name.startswith("chaoscl.")}
        assert ours <= allowed | (BESIDE if room in ("commands", "testing") else set()), path


@pytest.mark.parametrize("room", FOREIGN)
def test_rooms_that_stand_alone_need_little(room):
    import sys

    for path in (PACKAGE / room).rglob("*.py"):
        roots = {name.split(".")[0] for name in imports(path)} - {"chaoscl"} - set(sys.stdlib_module_names)
        assert roots <= FOREIGN[room], path


def test_the_package_imports_no_program():
    programs = {"benchmarks", *(path.stem for path in (ROOT / "benchmarks").iterdir())}
    for path in PACKAGE.rglob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & programs, path


def test_every_room_is_listed():
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(LOWER)


def test_files_and_functions_stay_small():
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "baselines").glob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]:
        source = path.read_text(encoding="utf-8")
        assert len(source.splitlines()) <= 400, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno <= 80, f"{path}: {node.name}"
