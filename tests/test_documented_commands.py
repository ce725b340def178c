"""Every command that a reader is told to type is understood by the program that it calls; the cheap ones are run."""

import importlib.util
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from chaoscl import main_job
from chaoscl.cli import run_app
from chaoscl.commands.app import build_app

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = {path.stem: path for path in (ROOT / "benchmarks").glob("*.py")}
OURS = ("python benchmarks/", "python examples/", "make ", "chaoscl ")


def commands():
    """Return every command by where it stands: code blocks and spans, docstrings of programs, committed results."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"```bash\n(.*?)```", text, re.S)
        lines = [line for block in blocks for line in block.splitlines() if line.strip()]
        spans = re.findall(r"(?<!`)`([^`]+)`(?!`)", re.sub(r"```.*?```", "", text, flags=re.S))
        lines += [_spelt_out(" ".join(span.split())) for span in spans if span.startswith(OURS)]
        found += [(page.name, line) for line in lines]
    for path in [*PROGRAMS.values(), *(ROOT / "examples").glob("*.py")]:
        head = path.read_text(encoding="utf-8").split('"""')[1]
        found += [(path.name, line) for line in head.splitlines() if line.startswith(OURS)]
    for path in (ROOT / "results").rglob("command.txt"):
        found.append((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8").strip()))
    return sorted(set(found))


def _spelt_out(span):
    """Return a command from running text; a bare name of a verb or program stands for its help."""
    return f"{span} --help" if re.fullmatch(r"chaoscl [a-z ]+|python benchmarks/\w+\.py", span) else span


def program(name):
    """Return the application of a program in benchmarks/."""
    spec = importlib.util.spec_from_file_location(f"{name}_program", PROGRAMS[name])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(getattr(module, name))
    return app


def parse(app, words):
    """Parse a command's words without running it; raises what the program would complain of."""
    command = typer.main.get_command(app)
    words = list(words)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands") or words == ["--help"], f"no such verb: {words}"
    try:
        context = command.make_context("program", words)
    except typer.Exit:  # after --help
        return None
    return context.params


def understood(line):
    """Check that a command can be parsed; return the words of ours, or nothing for another program's."""
    words = shlex.split(line, comments=True)
    if words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
        assert set(words[1:]) <= set(targets), line
    elif words[0] == "chaoscl":
        if "--install-completion" not in words:
            parse(build_app(), words[1:])
    elif words[:2] == ["python", words[1]] and words[1].startswith("benchmarks/"):
        parse(program(Path(words[1]).stem), words[2:])
    elif words[0] == "python":
        assert (ROOT / words[1]).is_file(), line
    elif words[:2] == ["pip", "install"]:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        assert words[2] in {f"chaoscl[{extra}]" for extra in extras}, line
    else:
        assert words in (["source", ".venv/bin/activate"], ["wandb", "login"]), f"unknown program: {line}"
    return words


@pytest.mark.parametrize(("where", "line"), commands())
def test_every_command_is_understood(where, line):
    understood(line)


def test_there_are_commands_of_every_kind():
    lines = [line for _, line in commands()]
    for start in OURS:
        assert any(line.startswith(start) for line in lines), start
    assert len(lines) > 40


@pytest.mark.parametrize(
    "line",
    [
        "make tea",
        "chaoscl runn",
        "chaoscl run --strem x",
        "chaoscl list extra",
        "python benchmarks/run.py --nope",
        "python benchmarks/run.py --seeds many",
        "python benchmarks/ranks.py",
        "python examples/nope.py",
        "pip install 'chaoscl[nope]'",
        "rm -rf x",
    ],
)
def test_a_wrong_command_is_noticed(line):
    with pytest.raises(Exception, match=r".") as caught:
        understood(line)
    assert isinstance(caught.value, AssertionError | typer.BadParameter.__base__)


RUNS = sorted({line for _, line in commands() if re.match(r"chaoscl run |python benchmarks/run.py ", line)})


@pytest.mark.parametrize("line", [line for line in RUNS if "--help" not in line and "..." not in line])
def test_every_run_names_what_there_is(line, monkeypatch):
    words = shlex.split(line, comments=True)
    words = words[1:] if words[0] == "chaoscl" else ["run", *words[2:]]
    checked = []
    monkeypatch.setattr(main_job, "execute_request", lambda request: checked.append(main_job.check(request)) or 0)
    monkeypatch.setattr(sys, "argv", ["chaoscl", *words])
    assert run_app(build_app()) == 0
    ((specs, _),) = checked
    assert specs


def cheap(line):
    words = shlex.split(line, comments=True)
    return words[0] == "chaoscl" and (words[1] in ("list", "info", "doctor") or {"--help", "report"} <= set(words))


@pytest.mark.parametrize("line", sorted({line for _, line in commands() if cheap(line)}))
def test_the_cheap_ones_do_what_they_say(line, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", shlex.split(line, comments=True))
    assert run_app(build_app()) == 0
    assert capsys.readouterr().out


def test_the_documented_report_is_written(tmp_path, monkeypatch):
    (line,) = {line for _, line in commands() if line.startswith("chaoscl report") and line.endswith("report.json")}
    words = shlex.split(line)
    words[2], words[-1] = str(ROOT / words[2]), str(tmp_path / words[-1])
    monkeypatch.setattr(sys, "argv", words)
    assert run_app(build_app()) == 0
    assert (tmp_path / "report.json").stat().st_size > 10_000


def test_every_option_that_the_pages_name_is_one_of_a_program():
    known = {"--install-completion", "--help"}
    applications = [build_app(), *(program(name) for name in PROGRAMS)]
    waiting = [typer.main.get_command(app) for app in applications]
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        known |= {option for parameter in command.params for option in parameter.opts}
    for page in PAGES:
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", page.read_text(encoding="utf-8").replace("<!--", "")))
        assert named <= known, page.name


def test_make_targets_say_which_programs_they_run():
    text = (ROOT / "Makefile").read_text()
    for name in re.findall(r"benchmarks/(\w+)\.py", text):
        assert name in PROGRAMS
    answer = subprocess.run(["make", "-n", "docs", "VENV=/nowhere/venv"], cwd=ROOT, capture_output=True, text=True)
    assert "mkdocs build --strict" in answer.stdout, answer.stderr
