"""Best validation accuracy of a run, from curves worked out by hand."""

import math

import pandas as pd
import pytest

from chaoscl.evaluation.validation import best_validation, mean_best

CURVE = [
    # experience, task, epoch, validation accuracy: the best of news is not its last, that of digits comes twice
    (1, "news", 1, 0.5),
    (1, "news", 2, 0.8),
    (1, "news", 3, 0.7),
    (2, "digits", 1, 0.6),
    (2, "digits", 2, 0.6),
]


def curves(rows=CURVE):
    frame = pd.DataFrame(rows, columns=["experience", "task", "epoch", "validation_accuracy"])
    return frame.assign(loss=1.0, train_accuracy=0.99, learning_rate=1e-3)


def test_the_best_epoch_of_each_experience_by_hand():
    found = best_validation(curves())
    assert found.to_dict("records") == [
        {"experience": 1, "task": "news", "epochs": 3, "best_epoch": 2, "best": 0.8, "last": 0.7},
        {"experience": 2, "task": "digits", "epochs": 2, "best_epoch": 1, "best": 0.6, "last": 0.6},
    ]
    assert mean_best(curves()) == pytest.approx(0.7)


def test_the_order_of_the_lines_changes_nothing():
    pd.testing.assert_frame_equal(best_validation(curves(CURVE[::-1])), best_validation(curves()))


def test_without_validation_rows_there_is_no_best():
    assert math.isnan(mean_best(curves([*CURVE, (3, "imdb", 1, math.nan)])))
    assert math.isnan(mean_best(curves([])))
