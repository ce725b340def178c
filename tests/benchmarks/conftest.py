"""Programs as a user types them, run in this process."""

import importlib.util
import sys
from pathlib import Path

import pytest

from chaoscl import registry
from chaoscl.cli import run_command
from chaoscl.runs import recipes

PROGRAMS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def program(monkeypatch, capsys, tmp_path):
    """Return a maker of functions that run a program: words in; exit status, stdout and stderr out.

    The program runs in an empty folder, its quick recipe aims at two batches, and its terminal is wide.
    """
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "240")

    def make(name):
        file = PROGRAMS / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"{file.stem}_program", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)

        def call(*words):
            with pytest.MonkeyPatch.context() as patch, registry.restored():
                patch.setattr(sys, "argv", [str(file), *map(str, words)])
                status = run_command(getattr(module, file.stem))
            captured = capsys.readouterr()
            return status, captured.out, captured.err

        return call

    return make
