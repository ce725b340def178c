"""Every command that a reader is told to type is understood by the program that it calls, and is run.

What reads results runs as it stands; what trains runs on tiny data, with one update a task, one seed and two baselines;
programs that take real data or hours are run on less by tests of their own, `make` by the check of a clean clone.
"""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import typer

from chaoscl import api
from chaoscl.cli import RENAMED, run_app
from chaoscl.commands.app import FOLDERS, build_app
from chaoscl.config import RunConfig, build_sweep
from chaoscl.evaluation import schema
from chaoscl.runs import recipes

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FOLDER = ROOT / "benchmarks"
PROGRAMS = {
    str(path.relative_to(FOLDER).with_suffix("")): path
    for path in FOLDER.rglob("*.py")
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
}
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
        found += [(str(path.relative_to(ROOT)), line) for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted(set(found))


def _spelt_out(span):
    """Return a command from running text; a bare name of a verb or program stands for its help."""
    return f"{span} --help" if re.fullmatch(r"chaoscl [a-z ]+|python benchmarks/[\w/]+\.py", span) else span


def _name(words):
    """Return the name of the program that a command calls: its path below benchmarks/, without the ending."""
    return words[1].removeprefix("benchmarks/").removesuffix(".py")


def program(name):
    """Return the application of a program in benchmarks/."""
    path = PROGRAMS[name]
    spec = importlib.util.spec_from_file_location(f"{path.stem}_program", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(getattr(module, path.stem))
    return app


def parse(app, words):
    """Parse a command's words without running it; raises what the program would complain of."""
    command = typer.main.get_command(app)
    words = list(words)
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands and FOLDERS in command.commands:
            words.insert(0, FOLDERS)  # chaoscl plot FOLDER
        if words[0] not in command.commands:
            break
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
        parse(program(_name(words)), words[2:])
    elif words[0] == "python":
        assert (ROOT / words[1]).is_file(), line
    elif words[:2] == ["pip", "install"]:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        assert words[2] in {".", *(f"chaoscl[{extra}]" for extra in extras)}, line
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
        "chaoscl ranks",
        "python examples/nope.py",
        "pip install 'chaoscl[nope]'",
        "rm -rf x",
    ],
)
def test_a_wrong_command_is_noticed(line):
    with pytest.raises(Exception, match=r".") as caught:
        understood(line)
    assert isinstance(caught.value, AssertionError | typer.BadParameter.__base__)


OWN = ("part.py", "my_parts.py")
"""Files that a reader writes first; tests/test_documents.py writes and runs them."""
RUNS = sorted(
    {
        line
        for _, line in commands()
        if re.match(r"chaoscl run |python benchmarks/run.py ", line) and not any(name in line for name in OWN)
    }
)


@pytest.mark.parametrize("line", [line for line in RUNS if "--help" not in line and "..." not in line])
def test_every_run_names_what_there_is(line, monkeypatch):
    words = shlex.split(line, comments=True)
    words = words[1:] if words[0] == "chaoscl" else ["run", *words[2:]]
    checked = []
    monkeypatch.setattr(api, "execute", lambda config, output: checked.append(build_sweep(config).specs) or 0)
    monkeypatch.setattr(sys, "argv", ["chaoscl", *words])
    assert run_app(build_app()) == 0
    (specs,) = checked
    assert specs


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder as a reader has it, with the committed results, in which commands may write."""
    shutil.copytree(ROOT / "results", tmp_path / "results", ignore=shutil.ignore_patterns("runs", "wandb", ".*"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line, monkeypatch):
    """Run a command of ours in this process; return its exit status."""
    words = shlex.split(line, comments=True)
    monkeypatch.setattr(sys, "argv", words if words[0] == "chaoscl" else words[1:])
    return run_app(build_app() if words[0] == "chaoscl" else program(_name(words)))


def reads(line):
    """Whether a command only reads what is there: committed results, code, this machine."""
    words = shlex.split(line, comments=True)
    if any(name in words for name in OWN) or words[1:3] == ["plot", "cortex"]:
        return "--help" in words
    if "..." in words or "--wandb" in words or "FOLDERS" in words or "--install-completion" in words:
        return False
    if "--help" in words:
        return words[0] in ("chaoscl", "python")
    if words[0] == "chaoscl":
        return words[1] in ("doctor", "info", "list", "parameters", "plot", "ranks", "report")
    return words[0] == "python" and _name(words) in ("report",)


@pytest.mark.parametrize("line", sorted({line for _, line in commands() if reads(line)}))
def test_what_only_reads_is_run_as_it_stands(line, place, monkeypatch, capsys):
    assert run(line, monkeypatch) == 0
    assert capsys.readouterr().out
    words = shlex.split(line, comments=True)
    for option in {"--out", "--tables", "--figures"} & set(words):
        assert (place / words[words.index(option) + 1]).exists(), option


@pytest.mark.parametrize("line", [line for line in RUNS if "--help" not in line])
def test_every_run_is_run_on_tiny_data(line, tiny_bank, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 1)
    # So many rows that the tenth which is held out has some of each of twenty tasks.
    bank = partial(tiny_bank, train=300)
    monkeypatch.setattr(api, "prepare_data", lambda datasets, source, remarks: bank(*(one.name for one in datasets)))
    execute = api.execute

    def small(config, output):
        few = config.baselines[:2]
        hyper = tuple(entry for entry in config.hyper if entry.split(".")[0] in few)
        cut = replace(config, baselines=few, hyper=hyper, seeds=1, recipe="quick", repetitions=1)
        return execute(cut, api.Output("out"))

    monkeypatch.setattr(api, "execute", small)
    assert run(line, monkeypatch) == 0
    assert "EMBEDDED data" in capsys.readouterr().out
    assert (tmp_path / "out" / schema.RETENTION.name).is_file()


@pytest.mark.parametrize("line", sorted({line for _, line in commands() if line.startswith("chaoscl compare ")}))
def test_two_models_are_compared(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 1)
    folders = [word for word in shlex.split(line) if word.startswith("results/")]
    for model, folder in zip(("chaos256", "mlp256"), folders, strict=False):
        config = RunConfig("text-image", (model,), ("naive",), 2, recipe="quick", data="embedded")
        assert api.execute(config, api.Output(folder)) == 0
    capsys.readouterr()
    assert run(line, monkeypatch) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("line", sorted({line for _, line in commands() if line.startswith("chaoscl prepare")}))
def test_data_are_prepared(line, monkeypatch, capsys):
    assert run(line if "--data" in line else f"{line} --data embedded", monkeypatch) == 0
    captured = capsys.readouterr()
    assert "embedded" in captured.out + captured.err


def test_the_documented_reports_for_wandb_are_written(place, monkeypatch, capsys):
    (line,) = {line for _, line in commands() if line.startswith("chaoscl report") and line.endswith("report.json")}
    assert run(line, monkeypatch) == 0
    assert (place / "report.json").stat().st_size > 10_000
    offline = place / "results" / "text-image-chaos2k" / "wandb" / "offline-run-20260101_000000-0"
    offline.mkdir(parents=True)
    (offline / "run-0.wandb").touch()
    (line,) = {line for _, line in commands() if line.startswith("chaoscl wandb sync") and "--help" not in line}
    assert run(line, monkeypatch) == 0
    assert offline.name in capsys.readouterr().out


def test_every_other_program_is_run_by_a_test_of_its_own():
    """They take real data or minutes; their tests run them on less. tests/test_documents.py runs tables."""
    here = {_name(shlex.split(line)) for _, line in commands() if line.startswith("python ") and reads(line)}
    here.add("tables")
    for name in sorted(set(PROGRAMS) - here):
        tests = ROOT / "tests" / "benchmarks" / Path(name).with_name(f"test_{Path(name).name}.py")
        assert f'program("{name}")' in tests.read_text(encoding="utf-8"), name


def test_every_option_that_the_pages_name_is_one_of_a_program():
    known = {"--install-completion", "--help", *RENAMED}
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
    for name in re.findall(r"benchmarks/([\w/]+)\.py", text):
        assert name in PROGRAMS
    answer = subprocess.run(["make", "-n", "docs", "VENV=/nowhere/venv"], cwd=ROOT, capture_output=True, text=True)
    assert "mkdocs build --strict" in answer.stdout, answer.stderr
