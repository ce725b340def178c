"""Matrices that several test files share."""

import numpy as np
import pytest

from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.retention import RetentionMatrix

NAN = float("nan")


@pytest.fixture
def three_tasks() -> np.ndarray:
    """R of a small run: row 0 untrained, then one row a task."""
    return np.array(
        [
            [0.5, 0.1, 0.5],
            [0.9, 0.1, 0.5],
            [0.6, 0.8, 0.4],
            [0.7, 0.5, 0.8],
        ]
    )


@pytest.fixture
def joint() -> np.ndarray:
    """R of a run that is trained once on everything."""
    return np.array([[0.1, 0.2, 0.3], [NAN] * 3, [NAN] * 3, [0.9, 0.8, 0.7]])


@pytest.fixture
def make_record():
    """Return a function that makes the record of one run from the cells of R."""

    def make(cells, baseline="naive", seed=0, **changes) -> RunRecord:
        mean = np.asarray(cells, dtype=float)
        tasks = tuple(f"t{index}" for index in range(1, mean.shape[1] + 1))
        fields = {
            "stream": "tiny",
            "scenario": "task",
            "model": "small",
            "baseline": baseline,
            "seed": seed,
            "data": "embedded",
            "data_sha256": "ab12",
            "matrix": RetentionMatrix(tasks, mean, mean * 0.0, 3),
        }
        return RunRecord(**(fields | changes))

    return make
