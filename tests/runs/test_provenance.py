"""The fingerprint of the code: it must change with every package whose code a run's numbers can depend on."""

import ast
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import chaoscl
from chaoscl.runs import provenance

PACKAGE = Path(__file__).resolve().parents[2] / "chaoscl"


def imported(module):
    """Return the files of the project's modules that a module imports, directly, wherever in its text."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    names = {f"{node.module}.{alias.name}" for node in froms for alias in node.names} | {node.module for node in froms}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    paths = [PACKAGE.parent.joinpath(*name.split(".")) for name in names if name.startswith("chaoscl")]
    return {file for path in paths for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()}


def computing_packages():
    """Return the packages that executing a run imports, directly or not."""
    found, waiting = set(), {PACKAGE / "runs" / "execute.py"}
    while waiting:
        found |= waiting
        waiting = {file for module in waiting for file in imported(module)} - found
    return sorted({file.relative_to(PACKAGE).parts[0] for file in found if file.parent != PACKAGE})


def fingerprint(folder):
    code = "from chaoscl.runs.provenance import code_hash; print(code_hash())"
    answer = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return answer.stdout.strip()


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the package's sources."""
    folder = tmp_path_factory.mktemp("code")
    shutil.copytree(PACKAGE, folder / "chaoscl", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def usual(copy):
    return fingerprint(copy)


def test_the_packages_that_compute_are_found():
    assert {"cortex", "data", "evaluation", "models", "runs", "streams"} <= set(computing_packages())


@pytest.mark.parametrize("package", computing_packages())
@pytest.mark.parametrize("change", ["edited", "added", "renamed"])
def test_a_change_in_any_package_that_computes_changes_the_fingerprint(package, change, copy, usual):
    room = copy / "chaoscl" / package
    new = room / "new_part.py"
    source = max(room.rglob("*.py"), key=lambda path: path.stat().st_size)
    before = source.read_bytes()
    try:
        if change == "edited":
            source.write_bytes(before + b"# another line\n")
        else:
            new.write_text("VALUE = 1\n")
        changed = fingerprint(copy)
        assert changed != usual
        if change == "renamed":
            new.rename(room / "other_part.py")
            assert fingerprint(copy) not in (usual, changed)
    finally:
        source.write_bytes(before)
        new.unlink(missing_ok=True)
        (room / "other_part.py").unlink(missing_ok=True)
    assert fingerprint(copy) == usual


def test_a_checkout_that_is_not_installed_knows_its_version(monkeypatch):
    def only_others(name):
        if name == "chaoscl":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(provenance, "version", only_others)
    assert provenance.computing_versions()["chaoscl"] == chaoscl.__version__ == version("chaoscl")
    assert f"\nversion: {chaoscl.__version__}\n" in (provenance.ROOT / "CITATION.cff").read_text(encoding="utf-8")
