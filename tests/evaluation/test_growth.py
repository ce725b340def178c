"""Streams cut after their first tasks, and what their runs say of each other."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaoscl.evaluation import metrics
from chaoscl.evaluation.growth import after_tasks, between_lengths, between_models


def test_forgetting_after_k_tasks_divides_by_the_earlier_ones(make_record, three_tasks):
    (cut,) = after_tasks([make_record(three_tasks, heads=(0, 0, 1), modalities=("text", "image", "text"))], 2)
    # after two tasks the first has lost 0.9 - 0.6; dividing by both tasks would make it 0.15
    assert metrics.forgetting_first_last(cut.matrix.mean) == pytest.approx(0.3)
    assert metrics.average_accuracy(cut.matrix.mean) == pytest.approx(0.7)
    assert (cut.matrix.tasks, cut.heads, cut.modalities) == (("t1", "t2"), (0, 0), ("text", "image"))


def test_a_run_that_is_not_evaluated_there_is_left_out(make_record, three_tasks, joint):
    records = [make_record(three_tasks), make_record(joint, "joint")]
    assert [record.baseline for record in after_tasks(records, 2)] == ["naive"]
    for wrong in (0, 4):
        with pytest.raises(ValueError, match=f"naive, seed 0: it has 3 tasks, so none stands after {wrong}"):
            after_tasks(records, wrong)


def line(frame, metric, **where):
    for column, value in where.items():
        frame = frame[frame[column] == value]
    (found,) = frame[frame["metric"] == metric].to_dict("records")
    return found


def test_two_models_by_hand(make_record, three_tasks):
    # the second loses 0.1, 0.2 and 0.3 more of the first task after two tasks, and as much as the first after three
    other = [three_tasks.copy() for _ in range(3)]
    for seed, matrix in enumerate(other):
        matrix[2, 0] -= 0.1 * (seed + 1)
    first = [make_record(three_tasks, seed=seed) for seed in range(3)]
    second = [make_record(matrix, seed=seed, model="large") for seed, matrix in enumerate(other)]
    frame = between_models(first, second, [2, 3])
    found = line(frame, "backward_transfer", tasks=2)
    assert (found["difference"], found["sd"], found["n"]) == (pytest.approx(-0.2), pytest.approx(0.1), 3)
    assert found["ci95"] == pytest.approx(4.303 * 0.1 / math.sqrt(3), rel=2e-4)
    assert (found["model"], found["reference"]) == ("large", "naive (small)")
    assert line(frame, "average_accuracy", tasks=2)["difference"] == pytest.approx(-0.1)
    assert line(frame, "backward_transfer", tasks=3)["difference"] == 0.0


def test_growth_pairs_each_run_with_itself(make_record, three_tasks):
    # forgetting after two tasks 0.3, after three (0.2 + 0.3) / 2
    records = [make_record(three_tasks, seed=seed) for seed in range(3)]
    found = line(between_lengths(records, 2, 3), "backward_transfer")
    assert (found["difference"], found["n"]) == (pytest.approx(0.05), 3)


@given(st.integers(2, 5), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_after_all_tasks_a_run_is_itself(size, seed):
    from chaoscl.evaluation.aggregate import RunRecord
    from chaoscl.evaluation.retention import RetentionMatrix

    mean = np.random.default_rng(seed).random((size + 1, size))
    matrix = RetentionMatrix(tuple(f"t{number}" for number in range(size)), mean, 0.0 * mean, 1)
    record = RunRecord("s", "task", "m", "naive", seed, "real", "ff", matrix)
    assert after_tasks([record], size) == [record]
