import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from chaoscl import registry
from chaoscl.config import build_spec
from chaoscl.errors import UserError
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.evaluation.stored import is_finished, read_run
from chaoscl.runs import recipes
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.sweep import plan_jobs, run_jobs, unfinished
from chaoscl.streams import Stream, split, whole

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
def failing(tmp_path):
    """A baseline that fails, included from a file."""
    with registry.restored():
        (tmp_path / "failing.py").write_text(FAILING)
        registry.include([str(tmp_path / "failing.py")])
        yield BASELINES["failing"]


def specs(*names, seeds=1):
    return [
        build_spec("ag_news,mnist", "task", "mlp256", name, seed, recipe="quick")
        for seed in range(seeds)
        for name in names
    ]


def files(root: Path):
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_run_leaves_its_four_files_in_a_folder_named_by_what_it_is(tiny_bank, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    (job,) = plan_jobs(specs("naive"), bank, tmp_path / "runs")
    assert run_jobs([job], bank, 1) == {}
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


def test_what_is_finished_is_not_listed_again(tiny_bank, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    jobs = plan_jobs(specs("naive", seeds=2), bank, tmp_path)
    assert unfinished(jobs) == jobs
    run_jobs(jobs[:1], bank, 1)
    assert unfinished(jobs) == jobs[1:]


def test_a_changed_baseline_is_another_run(tiny_bank, tmp_path):
    bank, file = tiny_bank("ag_news", "mnist"), tmp_path / "failing.py"
    folders = set()
    for content in (FAILING, FAILING + "# changed\n"):
        with registry.restored():
            file.write_text(content)
            registry.include([str(file)])
            (job,) = plan_jobs(specs("failing"), bank, tmp_path)
            folders.add(job.folder)
    assert len(folders) == 2


def test_a_changed_hyper_parameter_is_another_run_of_the_same_baseline(tiny_bank, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    wanted = specs("replay")[0]
    changed = [replace(wanted, hyper=hyper) for hyper in ((), (("memory", 20),), (("memory", 21),))]
    jobs = plan_jobs(changed, bank, tmp_path)
    assert len({job.folder for job in jobs}) == 3
    assert len({job.folder.parent for job in jobs}) == 1
    assert plan_jobs(changed, bank, tmp_path) == jobs


@pytest.mark.parametrize("change", [{"order": "reversed"}, {"part": "validation"}, {"scenario": "class"}, {"tasks": 1}])
def test_a_changed_specification_is_another_run(tiny_bank, tmp_path, change):
    bank = tiny_bank("ag_news", "mnist")
    wanted = specs("naive")[0]
    one, other = plan_jobs([wanted, replace(wanted, **change)], bank, tmp_path)
    assert one.digest != other.digest
    assert one.folder != other.folder


def test_an_order_has_folders_of_its_own(tiny_bank, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    (job,) = plan_jobs([replace(specs("naive")[0], order="2-1")], bank, tmp_path)
    assert job.folder.parent == tmp_path / "ag_news+mnist-2-1" / "mlp256" / "naive"
    assert run_jobs([job], bank, 1) == {}
    assert read_run(job.folder).matrix.tasks == ("mnist", "ag_news")


@pytest.mark.parametrize(
    ("hyper", "message"),
    [
        ((("memroy", 20),), r"unknown hyper-parameter 'memroy' \(did you mean memory\?\); there are: memory"),
        ((("memory", "many"),), "hyper-parameter memory = 'many': a number is needed"),
    ],
)
def test_a_hyper_parameter_that_cannot_be_is_refused_before_anything_runs(tiny_bank, tmp_path, hyper, message):
    wanted = [specs("naive")[0], replace(specs("replay")[0], hyper=hyper)]
    with pytest.raises(UserError, match=message):
        plan_jobs(wanted, tiny_bank("ag_news", "mnist"), tmp_path)
    assert files(tmp_path) == set()


def test_the_written_values_are_those_that_were_used(tiny_bank, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    wanted = replace(specs("replay")[0], hyper=(("memory", 20),))
    (job,) = plan_jobs([wanted], bank, tmp_path)
    assert run_jobs([job], bank, 1) == {}
    stored = read_run(job.folder)
    assert stored.spec["hyper_parameters"] == {"memory": 20}
    assert stored.metrics["cost"]["stored_samples"] == 20
    assert stored.metrics["cost"]["models"] == 1


def test_a_failing_run_is_told_and_the_others_go_on(tiny_bank, failing, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    jobs = plan_jobs(specs("failing", "naive"), bank, tmp_path)
    events = []
    failures = run_jobs(jobs, bank, 1, events.append)
    assert list(failures) == [0]
    assert failures[0].message == "RuntimeError: no strategy today"
    assert "Traceback" in failures[0].details.read_text()
    assert [is_finished(job.folder) for job in jobs] == [False, True]
    assert [event.state for event in events if event.state != "working"] == ["started", "failed", "started", "finished"]


def test_progress_counts_the_planned_batches(tiny_bank, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    (job,) = plan_jobs(specs("naive"), bank, tmp_path)
    events = []
    run_jobs([job], bank, 1, events.append)
    assert sum(event.batches for event in events) == job.batches == 4


@pytest.mark.parametrize(("baseline", "ended"), [("naive", 2), ("joint", 1), ("independent", 2)])
def test_progress_tells_the_average_accuracy_so_far(tiny_bank, tmp_path, baseline, ended):
    bank = tiny_bank("ag_news", "mnist")
    (job,) = plan_jobs(specs(baseline), bank, tmp_path)
    events = []
    run_jobs([job], bank, 1, events.append)
    told = [event.accuracy for event in events if event.accuracy is not None]
    mean = read_run(job.folder).matrix.mean
    assert len(told) == ended
    assert told[-1] == pytest.approx(mean[2].mean())
    assert told[0] == pytest.approx(mean[-ended, : 3 - ended].mean())


@pytest.mark.parametrize(
    ("scenario", "baseline"),
    [
        *itertools.product(["task", "domain", "class"], ["naive", "independent", "frozen", "joint"]),
    ],
)
def test_a_run_takes_the_batches_that_were_planned(tiny_bank, tmp_path, scenario, baseline):
    half = split("mnist", (5, 5))[:1]
    uneven = Stream("uneven", (*whole("ag_news"), *half))
    bank = tiny_bank("ag_news", "mnist")
    spec = build_spec(uneven, scenario, "mlp256", baseline, 0, recipe="quick", repetitions=1)
    (job,) = plan_jobs([spec], bank, tmp_path)
    events = []
    assert run_jobs([job], bank, 1, events.append) == {}
    assert sum(event.batches for event in events) == job.batches


def test_a_task_of_some_classes_is_planned_by_their_share_of_the_rows(tiny_bank, tmp_path, monkeypatch):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 1)
    bank = tiny_bank("mnist")
    batches = {}
    for stream in ("mnist", "split-mnist"):
        spec = build_spec(stream, "task", "mlp256", "naive", 0, recipe="online")
        (job,) = plan_jobs([spec], bank, tmp_path)
        batches[stream] = job.batches
    # 54 rows in batches of 10; five tasks of about 11.
    assert batches == {"mnist": 6, "split-mnist": 5 * 2}


def test_processes_give_the_same_bytes(tiny_bank, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    # Workers import the recipes afresh, so both sides use the recipe as it is, on one epoch's worth of time.
    wanted = [build_spec("ag_news", "task", "mlp256", "naive", seed, recipe="standard") for seed in range(2)]
    one, two = (plan_jobs(wanted, tiny_bank("ag_news"), tmp_path / name) for name in ("one", "two"))
    bank = tiny_bank("ag_news")
    assert run_jobs(one, bank, 1) == run_jobs(two, bank, 2) == {}
    for first, second in zip(one, two, strict=True):
        for name in ("retention_matrix.csv", "curves.csv"):
            assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()
        assert json.loads((first.folder / "spec.json").read_text())["hash"] == first.digest


def test_parts_of_a_script_reach_other_processes(tiny_bank, tmp_path):
    wanted = specs("naive", seeds=2)
    kept = "a value of this function"

    def build(setup):
        from avalanche.training.supervised import Naive

        assert kept
        return Naive(**setup.options())

    mine = replace(BASELINES["naive"], name="mine", build=build)
    recipe = replace(wanted[0].recipe, name="mine", epochs=lambda dataset, batches: 1)
    stream = Stream("mine", whole("mnist"))
    jobs = plan_jobs(
        [replace(one, baseline=mine, recipe=recipe, stream=stream) for one in wanted], tiny_bank("mnist"), tmp_path
    )
    assert run_jobs(jobs, tiny_bank("mnist"), 2) == {}
    assert all(is_finished(job.folder) for job in jobs)


def test_included_parts_reach_other_processes(tiny_bank, failing, tmp_path):
    bank = tiny_bank("ag_news", "mnist")
    jobs = plan_jobs(specs("failing", seeds=2), bank, tmp_path)
    failures = run_jobs(jobs, bank, 2)
    assert [failure.message for failure in failures.values()] == ["RuntimeError: no strategy today"] * 2
