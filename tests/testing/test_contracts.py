"""The shipped contracts pass on the package's own parts, and tell what is wrong with broken ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chaoscl import registry
from chaoscl.cli import run_app
from chaoscl.commands.app import build_app
from chaoscl.registry import REGISTRIES
from chaoscl.runs import recipes
from chaoscl.testing import CONTRACTS, check

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "examples" / "own_everything"
EXAMPLE = (OWN / "parts.py").read_text(encoding="utf-8")
SLOW = ("baseline", "figure")  # their own tests run them


def test_every_kind_of_part_has_a_contract():
    with registry.restored():
        assert set(CONTRACTS) == set(REGISTRIES)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in sorted(set(REGISTRIES) - set(SLOW)) for name in REGISTRIES[kind] if kind != "data set"]
    + [("data set", name) for name in ("addition", "ag_news", "mnist")],
)
def test_the_package_s_own_parts_keep_their_contract(kind, name):
    assert check(kind, REGISTRIES[kind][name]) == []


@pytest.fixture
def test_command(monkeypatch, capsys, tmp_path):
    """Return a function that runs ``chaoscl test`` on a file with this content."""
    monkeypatch.chdir(tmp_path)

    def call(content):
        (tmp_path / "parts.py").write_text(content, encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["chaoscl", "test", "parts.py"])
        with registry.restored():
            status = run_app(build_app())
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_one_s_own_parts_are_told_to_be_well(test_command):
    status, out, _ = test_command(EXAMPLE)
    assert (status, out.count(": ok\n"), out.count("\n")) == (0, 8, 8)


MISTAKES = {
    "a trunk of the wrong width": (
        ("nn.Linear(setup.inputs, setup.hidden[-1])", "nn.Linear(setup.inputs, 3)"),
        "trunk leaky: features have shape (8, 3) for hidden=(5,), not (8, 5)",
    ),
    "a trunk that draws elsewhere": (
        ("nn.LeakyReLU(slope)", "nn.LeakyReLU(slope), nn.Dropout(0.5)"),
        "trunk leaky: it draws from torch's global generator; draw from setup.noise.generator",
    ),
    "an encoder of the wrong size": (
        ("Largest(setup.vocabulary, setup.size)", "Largest(setup.vocabulary, 2)"),
        "encoder largest: embeddings have shape (8, 2), not (8, 6)",
    ),
    "labels that the card does not have": (
        (" enumerate(labels)], labels)", " enumerate(labels)], labels + 1)"),
        "data set greetings: greetings: read('train') has label 4, outside 0..3 (train split)",
    ),
    "a class without rows": (
        ("np.arange(80) % 4", "np.arange(80) % 3"),
        "data set greetings: read('train') has no row of 1 of 4 classes",
    ),
    "rows that change": (
        ("np.random.default_rng(len(split))", "np.random.default_rng()"),
        "data set greetings: read('train') returns other rows when it is called again",
    ),
    "a strategy that cannot be built": (
        ("optim.SGD(setup.model.parameters(), lr=0.05)", "optim.SGD(setup.model, lr=0.05)"),
        "baseline plain-sgd: TypeError: 'CrossModalNetwork' object is not iterable",
    ),
    "a metric outside its bounds": (
        ("[-1].min())", "[-1].min()) - 2"),
        "metric worst_final_accuracy: -1.",
    ),
    "a metric that is no number": (
        ("return float(np.asarray(matrix)[-1].min())", "return str(np.asarray(matrix)[-1].min())"),
        "metric worst_final_accuracy: it returns str, not float",
    ),
    "a figure that is none": (
        ('y="final_mean").figure', 'y="final_mean")'),
        "figure bars: draw returns Axes, not matplotlib's Figure",
    ),
    "a model whose trunk lacks a value": (
        ('ENCODERS["conv"])', 'ENCODERS["conv"], values={"slop": 1.0})'),
        "error: parts.py: model 'leaky64': unknown hyper-parameter 'slop' (did you mean slope?)",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_one_line_that_says_what_is_wrong(test_command, mistake):
    (before, after), line = MISTAKES[mistake]
    assert before in EXAMPLE
    status, out, err = test_command(EXAMPLE.replace(before, after))
    assert status in (1, 2)
    assert any(found.startswith(line) for found in (out + err).splitlines()), out + err


def test_everything_of_one_s_own_runs_by_one_command_beside_the_package_s(tmp_path, monkeypatch):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 2)
    words = [
        sys.executable,
        "-m",
        "chaoscl",
        "run",
        "--include",
        str(OWN / "parts.py"),
        "--data-dir",
        str(OWN / "data"),
    ]
    words += ["--stream", "languages,shapes", "--model", "chaos256,leaky64", "--baselines", "naive,replay,plain-sgd"]
    words += ["--recipe", "standard:epochs=1,batch=16", "--seeds", "1", "--jobs", "2", "--out", "o"]
    done = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, timeout=280, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    runs = (tmp_path / "o" / "runs.csv").read_text()
    assert all(name in runs for name in ("leaky64", "chaos256", "plain-sgd", "replay"))
    assert "worst_final_accuracy" in (tmp_path / "o" / "summary.csv").read_text()
    assert "plain-sgd" in done.stdout
    monkeypatch.chdir(tmp_path)
    for verb in (["report", "o"], ["plot", "o", "--out", "figures"], ["verify", "o"]):
        monkeypatch.setattr(sys, "argv", ["chaoscl", *verb, "--include", str(OWN / "parts.py")])
        with registry.restored():
            assert run_app(build_app()) == 0
    assert "Final accuracies" in (tmp_path / "report.html").read_text()
    assert len(list((tmp_path / "figures").rglob("bars.svg"))) == 1


def test_the_example_is_short():
    assert len(EXAMPLE.splitlines()) <= 60
