import math

import numpy as np
import pytest

from chaoscl.evaluation.aggregate import RunRecord, retention_frame
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.reports.figures import retention_figure, save


@pytest.fixture
def retention():
    nan = math.nan
    records = [
        RunRecord("s", "task", "m", name, 0, "mirror", "abc", RetentionMatrix(("a", "b"), mean, np.zeros((3, 2)), 1))
        for name, mean in (("naive", [[0.1, 0.2], [0.9, 0.2], [0.5, 0.8]]),)
    ]
    joint = RetentionMatrix(("a", "b"), [[0.1, 0.2], [nan, nan], [0.9, 0.9]], [[0, 0], [nan, nan], [0, 0]], 1)
    records.append(RunRecord("s", "task", "m", "joint", 0, "mirror", "abc", joint))
    return retention_frame(records)


def test_a_panel_for_each_baseline_shows_the_cells_of_the_csv(retention):
    figure = retention_figure(retention, "title")
    naive, joint = figure.axes[:2]
    assert [axis.get_title() for axis in (naive, joint)] == ["naive\nm", "joint\nm"]
    assert [text.get_text() for text in naive.texts] == ["10.0", "20.0", "90.0", "20.0", "50.0", "80.0"]
    assert [text.get_text() for text in joint.texts] == ["10.0", "20.0", "90.0", "90.0"]
    assert [label.get_text() for label in naive.get_yticklabels()] == ["untrained", "after a", "after b"]


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_same_matrix_gives_the_same_bytes(retention, tmp_path, ending):
    for name in ("one", "two"):
        save(retention_figure(retention, "title"), tmp_path / f"{name}.{ending}")
    first, second = (tmp_path / f"{name}.{ending}" for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [first.name, second.name]
