"""The command as a whole: its verbs, how quickly it starts, what it says to a slip."""

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer.testing

from chaoscl.commands.app import build_app

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "pandas", "numpy", "scipy", "avalanche", "wandb", "matplotlib", "datasets", "rich"}


def test_every_verb_has_help(chaoscl):
    status, out, _ = chaoscl("--help")
    assert status == 0
    for verb in ("run", "list", "info", "prepare", "report", "compare", "doctor", "wandb"):
        assert f"\n  {verb} " in out
        assert chaoscl(verb, "--help")[0] == 0
    assert chaoscl("wandb", "sync", "--help")[0] == 0


def test_help_imports_nothing_that_takes_long():
    code = (
        "import sys; sys.argv = ['chaoscl', '--help']\n"
        "from chaoscl.cli import run_app\n"
        "from chaoscl.commands.app import build_app\n"
        "assert run_app(build_app()) == 0\n"
        f"sys.exit(' '.join(set(sys.modules) & {HEAVY!r}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert answer.stderr.strip() == ""


def test_the_script_and_the_module_are_the_command():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"chaoscl": "chaoscl.commands.app:main"}
    answer = subprocess.run([sys.executable, "-m", "chaoscl", "nope"], cwd=ROOT, capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "error: No such command 'nope'.\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), ("Missing command",)),
        (("rum",), ("'rum'", "Did you mean 'run'")),
        (("wandb", "snyc"), ("'snyc'", "Did you mean 'sync'")),
        (("run", "--strem", "x"), ("--strem", "--stream")),
        (("run", "--stream", "text-imge"), ("text-imge", "did you mean text-image?")),
        (("info", "mnits"), ("mnits", "did you mean mnist?")),
        (("prepare", "nope"), ("unknown stream 'nope'",)),
        (("prepare", "mnist", "--data-dir", "/nowhere"), ("/nowhere", "no such folder")),
    ],
)
def test_a_slip_is_one_line(chaoscl, refused, words, expected):
    refused(chaoscl(*words), *expected)


def test_run_has_the_options_of_the_program_and_does_the_same(chaoscl):
    spec = importlib.util.spec_from_file_location("run_program", ROOT / "benchmarks" / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (info,) = (one for one in build_app().registered_commands if one.name == "run")
    assert info.callback is module.run


def test_the_shell_completes_its_verbs(monkeypatch):
    environment = {"_CHAOSCL_COMPLETE": "complete_bash", "COMP_WORDS": "chaoscl pre", "COMP_CWORD": "1"}
    answer = typer.testing.CliRunner().invoke(build_app(), [], env=environment, prog_name="chaoscl")
    assert answer.output.split() == ["prepare"]
