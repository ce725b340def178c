"""The verbs that do something: prepare, run and compare, report, doctor, wandb sync."""

import json
import shutil
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from chaoscl.commands import wandb_sync
from chaoscl.data import DATASETS, Source, prepare
from chaoscl.evaluation import schema
from chaoscl.evaluation.matrices import read_records
from chaoscl.evaluation.stored import read_run
from chaoscl.reports import wandb_log

RESULTS = Path(__file__).resolve().parents[2] / "results"
QUICK = ("--stream", "addition", "--data", "embedded", "--recipe", "quick", "--jobs", "1", "--seeds", "2")


def test_prepared_data_is_what_a_run_finds(chaoscl):
    status, out, _ = chaoscl("prepare", "addition", "addition", "--data", "embedded")
    ready = prepare(DATASETS["addition"], Source("embedded"))
    assert status == 0
    assert out.count("addition: generated, 178 training rows, 20 test rows") == 1
    assert ready.sha256[:12] in out
    assert str(ready.folder) in out
    assert ready.remarks
    for remark in ready.remarks:
        assert f"  {remark}\n" in out


@pytest.fixture
def two_results(chaoscl):
    """Results of two models with a baseline in common."""
    assert chaoscl("run", *QUICK, "--model", "mlp256", "--baselines", "naive,replay", "--out", "a")[0] == 0
    assert chaoscl("run", *QUICK, "--model", "chaos256", "--baselines", "joint,naive", "--out", "b")[0] == 0


def test_two_results_are_compared_pair_by_pair(chaoscl, refused, two_results):
    status, out, err = chaoscl("compare", "a", "b")
    assert (status, err) == (0, "")
    assert "percentage points: b minus a, paired" in out
    assert "naive (mlp256)" in out
    lines = json.loads(chaoscl("compare", "a", "b", "--json")[1])
    assert {line["baseline"] for line in lines} == {"naive"}
    means = [
        schema.read_csv(schema.SUMMARY, Path(folder, "summary.csv")).set_index(["baseline", "metric"])["mean"]
        for folder in "ab"
    ]
    for line in lines:
        if line["n"]:
            key = ("naive", line["metric"])
            assert line["difference"] == pytest.approx(means[1][key] - means[0][key], abs=2e-6)
    (average,) = (line for line in lines if line["metric"] == "average_accuracy")
    assert average["n"] == 2
    refused(chaoscl("compare", "a", "b", "--metric", "averag_accuracy"), "did you mean average_accuracy?")
    refused(chaoscl("compare", "a", "nowhere"), "nowhere holds no matrices.csv, so no results")


def test_a_fresh_clone_without_raw_runs_compares_and_draws_alike(chaoscl, two_results):
    def made(out):
        compared = chaoscl("compare", "a", "b", "--json")
        status, said, _ = chaoscl("plot", "a", "b", "--out", out)
        figures = {path.relative_to(out): path.read_bytes() for path in Path(out).rglob("*.svg")}
        return compared, status, said.replace(out, ""), figures

    before = made("with")
    for name in "ab":
        shutil.rmtree(Path(name, "runs"))
    assert made("without") == before
    assert {path.name for path in before[-1]} >= {"learning-curves.svg", "retention.svg"}
    assert chaoscl("report", "a", "--out", "page.html")[0] == 0
    assert chaoscl("verify", "a", "b")[0] == 0


def test_the_records_behind_results_are_their_runs(two_results):
    records = read_records(Path("a"))
    runs = [("naive", 0), ("naive", 1), ("replay", 0), ("replay", 1)]
    assert [(record.baseline, record.seed) for record in records] == runs
    names = schema.read_csv(schema.RUNS, Path("a/runs.csv"))["run"]
    assert [record.matrix for record in records] == [read_run(Path("a/runs", name)).matrix for name in names]
    summary = schema.read_csv(schema.SUMMARY, Path("a/summary.csv"))
    held = summary[(summary["baseline"] == "naive") & (summary["metric"] == "average_accuracy")].iloc[0]
    assert records[0].data_sha256 == held["data_sha256"]
    last = [record.matrix.mean[-1].mean() for record in records if record.baseline == "naive"]
    assert held["mean"] == pytest.approx(sum(last) / 2, abs=1e-6)


def test_tensorboard_changes_no_number(chaoscl):
    words = ("run", *QUICK, "--model", "mlp256", "--baselines", "naive")
    assert chaoscl(*words, "--out", "plain")[0] == 0
    assert chaoscl(*words, "--out", "logged", "--tensorboard", "board")[0] == 0
    assert len(list(Path("board").rglob("events.out.*"))) == 2
    for name in ("retention.csv", "summary.csv", "costs.csv", "command.txt"):
        assert Path("logged", name).read_bytes() == Path("plain", name).read_bytes()


def test_a_report_s_specification_is_written_without_a_login(chaoscl):
    folder = RESULTS / "text-image-chaos2k"
    status, out, err = chaoscl("report", folder, "--wandb", "entity/chaoscl", "--dry-run", "report.json")
    assert (status, out) == (0, "")
    assert "written to report.json" in err
    assert Path("report.json").read_bytes() == (folder / "wandb-report.json").read_bytes()


def test_a_page_and_figures_are_written_from_committed_results(chaoscl):
    folder = RESULTS / "text-image-chaos2k"
    status, out, _ = chaoscl("report", folder, "--out", "page.html", "--tables", "tables")
    assert status == 0
    assert "<!doctype html>" in Path("page.html").read_text(encoding="utf-8").lower()
    assert {path.suffix for path in Path("tables").rglob("*.*")} == {".csv", ".md", ".tex"}
    status, out, _ = chaoscl("plot", folder, "--out", "figures")
    assert status == 0
    drawn = {path.name for path in Path("figures").rglob("retention.*")}
    assert drawn == {"retention.svg", "retention.png"}
    assert "not drawn: " in out


def test_a_report_that_cannot_be_is_one_line(chaoscl, refused):
    folder = RESULTS / "text-image-chaos2k"
    refused(chaoscl("report", folder, "--dry-run", "x.json"), "--dry-run", "give --wandb")
    refused(chaoscl("report", "nowhere"), "nowhere")
    refused(chaoscl("plot", "nowhere"), "nowhere")
    refused(chaoscl("report", folder, "--wandb", "entity"), "write ENTITY/PROJECT")
    refused(chaoscl("report", "nowhere", "--wandb", "a/b"), "nowhere/forgetting.csv cannot be read")
    refused(chaoscl("report", folder, "--wandb", "a/b"), "not logged in", "--dry-run")
    Path("file").touch()
    refused(chaoscl("report", folder, "--wandb", "a/b", "--dry-run", "file/x.json"), "cannot write")


def test_a_doctor_tells_what_is_there(chaoscl, monkeypatch, tmp_path):
    status, out, _ = chaoscl("doctor", "--json")
    found = json.loads(out)
    assert (status, found["problems"]) == (0, [])
    assert found["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"torch", "avalanche-lib", "wandb", "numpy"} <= set(found["versions"])
    assert (found["data"]["source"], found["cache"]["writable"]) == ("official", True)
    assert found["wandb"]["login"] == "not logged in to W&B"
    (tmp_path / "mirror" / "mnist").mkdir(parents=True)
    for split in ("train", "test"):
        (tmp_path / "mirror" / "mnist" / f"{split}.parquet").touch()
    monkeypatch.setenv("CHAOSCL_DATA", str(tmp_path / "mirror"))
    assert "  there: mnist\n" in chaoscl("doctor")[1]


def test_a_doctor_tells_what_is_missing(chaoscl, monkeypatch):
    monkeypatch.setenv("CHAOSCL_DATA", "/nowhere")
    status, out, _ = chaoscl("doctor")
    assert status == 1
    assert "problem: CHAOSCL_DATA /nowhere: no such folder" in out


@pytest.fixture
def offline():
    """A results folder with an uploaded offline run and one that waits."""
    for name in ("offline-run-1-a", "offline-run-2-b"):
        Path("out", "wandb", name).mkdir(parents=True)
        Path("out", "wandb", name, "run.wandb").touch()
    Path("out/wandb/offline-run-1-a/run.wandb.synced").touch()


def test_what_waits_is_named_and_uploaded_once(chaoscl, offline, monkeypatch):
    status, out, err = chaoscl("wandb", "sync", "out", "--dry-run")
    assert (status, out) == (0, "out/wandb/offline-run-2-b\n")
    assert "1 of 2 offline runs" in err
    started = []

    class Done:
        returncode = 0

    monkeypatch.setattr(wandb_log, "login_problem", lambda: "")
    monkeypatch.setattr(wandb_sync.subprocess, "run", lambda words: started.append(words) or Done)
    assert chaoscl("wandb", "sync", "out", "--project", "me/mine")[0] == 0
    options = ["--entity", "me", "--project", "mine"]
    assert started == [[sys.executable, "-m", "wandb", "sync", *options, "out/wandb/offline-run-2-b"]]


def test_a_sync_that_cannot_be_is_one_line(chaoscl, offline, refused, monkeypatch):
    refused(chaoscl("wandb", "sync", "nowhere"), "nowhere holds no offline runs")
    assert "error: not logged in to W&B" in chaoscl("wandb", "sync", "out")[2]
    Path("out/wandb/offline-run-2-b/run.wandb.synced").touch()
    assert chaoscl("wandb", "sync", "out")[0] == 0


def test_wandb_knows_the_words_that_sync_uses():
    from click.testing import CliRunner
    from wandb.cli.cli import cli

    text = CliRunner().invoke(cli, ["sync", "--help"]).output
    assert "--entity" in text
    assert "--project" in text


def test_the_doctor_says_what_to_do_for_a_checkout_that_is_not_installed(chaoscl, monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("chaoscl.commands.doctor.requires", missing)
    status, out, _ = chaoscl("doctor")
    assert status == 1
    assert "problem: chaoscl is not installed: pip install -e . in the checkout" in out
