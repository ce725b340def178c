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


def test_cells_show_their_spread_over_seeds(retention):
    several = retention.assign(sd=0.0125, n=3)
    naive = retention_figure(several, "title").axes[0]
    assert [text.get_text() for text in naive.texts][:2] == ["10.0\n±1.2", "20.0\n±1.2"]


def test_many_tasks_have_colours_and_no_numbers():
    tasks = [f"t{number}" for number in range(9)]
    found = RetentionMatrix(tasks, np.full((10, 9), 0.5), np.zeros((10, 9)), 1)
    figure = retention_figure(retention_frame([RunRecord("s", "task", "m", "x", 0, "mirror", "a", found)]), "title")
    assert not figure.axes[0].texts
    assert figure.axes[0].images[0].get_array().shape == (10, 9)
    assert "retention.csv" in figure.get_suptitle()
