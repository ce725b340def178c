from pathlib import Path

import pandas as pd
import pytest

from chaoscl.evaluation import schema
from chaoscl.evaluation.metrics import forgetting_first_last
from chaoscl.reports.degradation import degradation, degradation_table
from chaoscl.reports.figures import degradation_figure

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = sorted(path.parent for path in (ROOT / "results").glob("*/matrices.csv"))
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
    # after two tasks the first has lost 0.2; after three the first two have lost 0.4 and 0.2
    assert values["lost"].tolist() == pytest.approx([float("nan"), 0.2, 0.3], nan_ok=True)
    assert values["lost"].iloc[-1] == pytest.approx(forgetting_first_last(MATRIX))


@pytest.mark.parametrize("folder", COMMITTED, ids=lambda folder: folder.name)
def test_what_was_lost_at_the_end_is_the_forgetting_of_the_summary(folder):
    values = degradation(schema.read_csv(schema.RETENTION, folder / "retention.csv"))
    summary = schema.read_csv(schema.SUMMARY, folder / "summary.csv").set_index(["model", "baseline", "metric"])
    last = values[values["tasks"] == values["tasks"].max()]
    assert len(last)
    for line in last.to_dict("records"):
        key = line["model"], line["baseline"], "forgetting_first_last"
        assert line["lost"] == pytest.approx(summary.loc[key, "mean"], abs=2e-6)


def test_the_table_shows_every_fifth_number_of_tasks_and_the_last():
    table = degradation_table(retention(MATRIX))
    assert table.to_dict("records") == [{"model": "chaos2k", "baseline": "naive", "3 tasks": "60.0 (30.0)"}]


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
