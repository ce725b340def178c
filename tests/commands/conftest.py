"""The command as a user types it, run in this process in an empty folder."""

import sys
from functools import partial

import pytest

from chaoscl import registry
from chaoscl.cli import run_app
from chaoscl.commands.app import build_app
from chaoscl.runs import recipes


@pytest.fixture
def chaoscl(monkeypatch, capsys, tmp_path):
    """Return a function that runs ``chaoscl``: words in; exit status, stdout and stderr out.

    The quick recipe aims at two batches, and the terminal is wide.
    """
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)

    def call(*words):
        with pytest.MonkeyPatch.context() as patch, registry.restored():
            patch.setattr(sys, "argv", ["chaoscl", *map(str, words)])
            status = run_app(build_app())
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def program(chaoscl):
    """Return a maker of functions that run one verb of ``chaoscl``."""
    return lambda *verb: partial(chaoscl, *verb)
