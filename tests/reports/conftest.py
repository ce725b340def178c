"""A finished run, written by hand; its numbers have exact binary fractions."""

import json

import pytest

from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.evaluation.stored import read_run


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "runs" / "seed0-abc"
    folder.mkdir(parents=True)
    spec = {"baseline": "naive", "seed": 0, "scenario": "task", "model": "m"}
    held = {"hash": "abcdef012345", "spec": spec, "stream": {"name": "s"}, "model": "m"}
    (folder / "spec.json").write_text(json.dumps(held))
    cells = [[0.125, 0.25], [0.875, 0.25], [0.75, 0.5]]
    RetentionMatrix(("a", "b"), cells, [[0.0, 0.0]] * 3, 1).write_csv(folder / "retention_matrix.csv")
    (folder / "curves.csv").write_text(
        "experience,task,epoch,loss,train_accuracy,validation_accuracy,learning_rate\n"
        "1,a,1,1.500000,0.500000,0.250000,1.000000e-03\n"
        "1,a,2,1.250000,0.750000,0.500000,2.000000e-03\n"
        "2,b,1,0.500000,0.875000,0.750000,2.000000e-03\n"
    )
    (folder / "metrics.json").write_text(json.dumps({"metrics": {"average_accuracy": 0.625}, "cost": {"samples": 9}}))
    return read_run(folder)
