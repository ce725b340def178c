"""A results folder made by the suite's own aggregation, with raw runs beside it if asked."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest

from chaoscl.evaluation import schema
from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.matrices import aggregate_frames, data_digest, in_order, matrix_lines, records_of
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.evaluation.stored import read_run

MODALITIES = {"news": "text", "digits": "image"}
TASKS = ("news", "digits-1", "digits-2")


def matrix(name, seed):
    """Return a made-up matrix; joint has no rows between."""
    cells = np.random.default_rng([len(name), seed]).uniform(0.1, 0.9, (4, 3))
    if name == "joint":
        cells[1:3] = np.nan
    return RetentionMatrix(TASKS, cells, 0.01 + 0 * cells, 2)


@pytest.fixture
def write_folder(write_folder_in, tmp_path):
    """Return a writer of a results folder inside the test's own: its name, and what is special about it."""
    return partial(write_folder_in, tmp_path)


@pytest.fixture(scope="session")
def write_folder_in():
    """Return a writer of a results folder inside another: that one, its name, and what is special about it."""

    def write(
        root,
        name="r",
        baselines=("naive", "replay", "joint"),
        seeds=3,
        data="mirror",
        stream=None,
        raw=False,
        model="m",
    ):
        folder = root / name
        folder.mkdir(parents=True)
        runs = [(baseline, seed, matrix(baseline, seed)) for seed in range(seeds) for baseline in baselines]
        kinds = ("text", "image", "image")
        digest = data_digest(MODALITIES, ["f" * 64] * 2)
        records = [
            RunRecord(stream or name, "task", model, baseline, seed, data, digest, found, kinds, heads=(0, 1, 2))
            for baseline, seed, found in runs
        ]
        keys = [{"baseline": baseline, "model": model, "seed": seed, "order": "given"} for baseline, seed, _ in runs]
        numbers = [column.name for column in schema.COSTS.columns[4:]]
        costs = [key | dict.fromkeys(numbers, 1000 * (n + 1)) for n, key in enumerate(keys)]
        line = {"status": "finished", "message": "", "settings": "recipe=short", "hyper": ""}
        sets = [
            {"dataset": dataset, "source": data, "train_rows": 5, "official_train_rows": 9, "test_rows": 3}
            | {"official_test_rows": 3, "sha256": "f" * 64, "note": "<b>half</b> & less"}
            for dataset in MODALITIES
        ]
        frames = {
            schema.MATRICES: pd.concat([matrix_lines(record, f"{n:012x}") for n, record in enumerate(records)]),
            schema.FOLDER_CURVES: pd.concat([curves().assign(**key) for key in keys])[schema.FOLDER_CURVES.header],
            schema.COSTS: pd.DataFrame(costs),
            schema.TIMINGS: pd.DataFrame([key | {"seconds": 1.5, "peak_memory_bytes": 10} for key in keys]),
            schema.RUNS: pd.DataFrame([key | line | {"run": f"x/{_name(key)}"} for key in keys]),
        }
        frames = {table: in_order(frame.reset_index(drop=True), baselines) for table, frame in frames.items()}
        frames |= aggregate_frames(records_of(frames[schema.MATRICES])) | {schema.DATA: pd.DataFrame(sets)}
        for table, frame in frames.items():
            schema.write_csv(frame, table, folder / table.name)
        (folder / "command.txt").write_text("python benchmarks/run.py --stream made-up\n")
        for key, (_, _, found) in zip(keys, runs, strict=True) if raw else ():
            _write_run(folder / "runs" / "x" / _name(key), key, found)
        return folder

    return write


def curves():
    """Return made-up learning curves of a run: two epochs a task."""
    return pd.DataFrame(
        [
            {"experience": task, "task": TASKS[task - 1], "epoch": epoch, "loss": 1.0 / epoch}
            | {"running_train_accuracy": 0.45, "train_accuracy": 0.5, "validation_accuracy": 0.4, "learning_rate": 1e-3}
            for task in (1, 2, 3)
            for epoch in (1, 2)
        ]
    )


def _name(key):
    return f"{key['baseline']}-seed{key['seed']}"


def _write_run(folder, key, found):
    folder.mkdir(parents=True)
    spec = {
        "hash": "0123456789ab",
        "spec": {"baseline": key["baseline"], "seed": key["seed"], "recipe": "short", "order": "given"},
        "model": key["model"],
        "hyper_parameters": {"memory": 7},
        "versions": {"torch": "2"},
        "git_commit": None,
        "code": "c0de",
    }
    (folder / "spec.json").write_text(json.dumps(spec))
    found.write_csv(folder / "retention_matrix.csv")
    schema.write_csv(curves(), schema.CURVES, folder / "curves.csv")
    metrics = {"average_accuracy": float(found.mean[-1].mean()), "forgetting_max_last": None}
    (folder / "metrics.json").write_text(json.dumps({"metrics": metrics, "cost": {}}))


@pytest.fixture
def run(tmp_path):
    """Return a finished run, written by hand; its numbers have exact binary fractions."""
    folder = tmp_path / "runs" / "seed0-abc"
    folder.mkdir(parents=True)
    spec = {"baseline": "naive", "seed": 0, "scenario": "task", "model": "m"}
    held = {"hash": "abcdef012345", "spec": spec, "stream": {"name": "s"}, "model": "m"}
    (folder / "spec.json").write_text(json.dumps(held))
    cells = [[0.125, 0.25], [0.875, 0.25], [0.75, 0.5]]
    RetentionMatrix(("a", "b"), cells, [[0.0, 0.0]] * 3, 1).write_csv(folder / "retention_matrix.csv")
    (folder / "curves.csv").write_text(
        "experience,task,epoch,loss,running_train_accuracy,train_accuracy,validation_accuracy,learning_rate\n"
        "1,a,1,1.500000,0.450000,0.500000,0.250000,1.000000e-03\n"
        "1,a,2,1.250000,0.700000,0.750000,0.500000,2.000000e-03\n"
        "2,b,1,0.500000,0.850000,0.875000,0.750000,2.000000e-03\n"
    )
    (folder / "metrics.json").write_text(json.dumps({"metrics": {"average_accuracy": 0.625}, "cost": {"samples": 9}}))
    return read_run(folder)
