import pandas as pd
import pytest

from chaoscl.reports.degradation import degradation, degradation_table
from chaoscl.reports.figures import degradation_figure

MATRIX = [[0.1, 0.2, 0.3], [0.9, 0.2, 0.3], [0.7, 0.8, 0.3], [0.5, 0.6, 0.7]]


def retention(matrix, baseline="naive", model="chaos2k"):
    return pd.DataFrame(
        [
            {"model": model, "baseline": baseline, "row": row, "task": "abc"[column], "mean": value}
            for row, values in enumerate(matrix)
            for column, value in enumerate(values)
        ]
    )


def test_what_is_left_of_the_first_tasks_by_hand():
    values = degradation(retention(MATRIX))
    assert values["tasks"].tolist() == [1, 2, 3]
    assert values["now"].tolist() == pytest.approx([0.9, 0.75, 0.6])
    assert values["learned"].tolist() == pytest.approx([0.9, 0.85, 0.8])


def test_the_table_shows_every_fifth_number_of_tasks_and_the_last():
    table = degradation_table(retention(MATRIX))
    assert table.to_dict("records") == [{"model": "chaos2k", "baseline": "naive", "3 tasks": "60.0 (20.0)"}]


def test_a_baseline_without_steps_is_left_out():
    gap = float("nan")
    joint = retention([MATRIX[0], [gap] * 3, [gap] * 3, MATRIX[3]], "joint")
    assert degradation(pd.concat([retention(MATRIX), joint]))["baseline"].unique().tolist() == ["naive"]


def test_the_figure_has_a_line_for_now_and_one_for_then():
    both = pd.concat([retention(MATRIX), retention(MATRIX, "replay")])
    figure = degradation_figure(both, "three")
    (axis,) = figure.axes
    now, learned = (line.get_ydata().tolist() for line in axis.lines[:2])
    assert now == pytest.approx([90, 75, 60])
    assert learned == pytest.approx([90, 85, 80])
    assert [text.get_text() for text in figure.legends[0].texts] == ["naive, chaos2k", "replay, chaos2k"]
