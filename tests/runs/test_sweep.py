import json
from pathlib import Path

import pytest

from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.evaluation.stored import is_finished, read_run
from chaoscl.runs import recipes
from chaoscl.runs.baseline import FOLDER
from chaoscl.runs.spec import RunSpec
from chaoscl.runs.sweep import plan_jobs, run_jobs, unfinished

FAILING = """
from chaoscl.runs.baseline import Baseline

def build(setup):
    raise RuntimeError("no strategy\\ntoday")

BASELINE = Baseline(summary="fails", build=build, source="none")
"""


@pytest.fixture(autouse=True)
def few_batches(monkeypatch):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 2)


@pytest.fixture
def baselines(tmp_path):
    folder = tmp_path / "baselines"
    folder.mkdir()
    (folder / "failing.py").write_text(FAILING)
    (folder / "naive.py").write_text((FOLDER / "naive.py").read_text())
    return folder


def specs(*names, seeds=1):
    return [
        RunSpec("ag_news,mnist", "task", "mlp256", name, seed, recipe="quick")
        for seed in range(seeds)
        for name in names
    ]


def files(root: Path):
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_run_leaves_its_four_files_in_a_folder_named_by_what_it_is(tiny_bank, baselines, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    (job,) = plan_jobs(specs("naive"), bank, tmp_path / "runs", baselines)
    assert run_jobs([job], bank, baselines, 1) == {}
    assert job.folder.relative_to(tmp_path).as_posix() == f"runs/ag_news+mnist/mlp256/naive/seed0-{job.digest}"
    assert files(job.folder) == {"spec.json", "retention_matrix.csv", "curves.csv", "metrics.json"}
    stored = read_run(job.folder)
    assert stored.spec["hash"] == job.digest
    assert stored.spec["spec"]["seed"] == 0
    assert [row["sha256"] for row in stored.spec["data"]] == ["ag_news", "mnist"]
    assert {"chaoscl", "torch", "avalanche-lib", "numpy", "python"} <= set(stored.spec["versions"])
    assert stored.matrix == RetentionMatrix.read_csv(job.folder / "retention_matrix.csv")
    assert stored.metrics["metrics"]["average_accuracy"] == pytest.approx(stored.matrix.mean[-1].mean(), abs=1e-5)
    assert stored.metrics["metrics"]["intransigence"] is None
    assert stored.metrics["cost"]["optimiser_steps"] == 4
    assert len(stored.curves) == 2


def test_what_is_finished_is_not_listed_again(tiny_bank, baselines, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    jobs = plan_jobs(specs("naive", seeds=2), bank, tmp_path, baselines)
    assert unfinished(jobs) == jobs
    run_jobs(jobs[:1], bank, baselines, 1)
    assert unfinished(jobs) == jobs[1:]


def test_a_changed_baseline_is_another_run(tiny_bank, baselines, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    (before,) = plan_jobs(specs("naive"), bank, tmp_path, baselines)
    with (baselines / "naive.py").open("a") as file:
        file.write("# changed\n")
    (after,) = plan_jobs(specs("naive"), bank, tmp_path, baselines)
    assert before.folder != after.folder


def test_a_failing_run_is_told_and_the_others_go_on(tiny_bank, baselines, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    jobs = plan_jobs(specs("failing", "naive"), bank, tmp_path, baselines)
    events = []
    failures = run_jobs(jobs, bank, baselines, 1, events.append)
    assert list(failures) == [0]
    assert failures[0].message == "RuntimeError: no strategy today"
    assert "Traceback" in failures[0].details.read_text()
    assert [is_finished(job.folder) for job in jobs] == [False, True]
    assert [event.state for event in events if event.state != "working"] == ["started", "failed", "started", "finished"]


def test_progress_counts_the_planned_batches(tiny_bank, baselines, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    (job,) = plan_jobs(specs("naive"), bank, tmp_path, baselines)
    events = []
    run_jobs([job], bank, baselines, 1, events.append)
    assert sum(event.batches for event in events) == job.batches == 4


def test_processes_give_the_same_bytes(tiny_bank, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    # Workers import the recipes afresh, so both sides use the recipe as it is, on one epoch's worth of time.
    wanted = [RunSpec("ag_news", "task", "mlp256", "naive", seed, recipe="standard") for seed in range(2)]
    one, two = (plan_jobs(wanted, tiny_bank("ag_news"), tmp_path / name, FOLDER) for name in ("one", "two"))
    bank = tiny_bank("ag_news")
    assert run_jobs(one, bank, FOLDER, 1) == run_jobs(two, bank, FOLDER, 2) == {}
    for first, second in zip(one, two, strict=True):
        for name in ("retention_matrix.csv", "curves.csv"):
            assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()
        assert json.loads((first.folder / "spec.json").read_text())["hash"] == first.digest
