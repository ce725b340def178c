import math

import pandas as pd
import pytest

from chaoscl.evaluation.aggregate import RunRecord, forgetting_frame, summary_frame
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.reports.tables import main_table, markdown, percent


def record(baseline, seed, mean):
    matrix = RetentionMatrix(
        ("a", "b"), mean, [[0.0] * 2 if not math.isnan(row[0]) else [math.nan] * 2 for row in mean], 1
    )
    return RunRecord("s", "task", "m", baseline, seed, "mirror", "abc", matrix)


RECORDS = [
    record("naive", 0, [[0.2, 0.1], [0.8, 0.1], [0.6, 0.9]]),
    record("naive", 1, [[0.2, 0.1], [0.8, 0.1], [0.7, 0.9]]),
    record("joint", 0, [[0.2, 0.1], [math.nan, math.nan], [0.9, 0.9]]),
]


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (0.8344, 0.0061, "83.4 ± 0.6"),
        (0.8344, math.nan, "83.4"),
        (math.nan, math.nan, "-"),
        (-0.0001, math.nan, "0.0"),
        (-0.0251, 0.01, "-2.5 ± 1.0"),
    ],
)
def test_percent(mean, half, text):
    assert percent(mean, half) == text


def test_the_main_table_has_what_the_aggregates_say():
    table = main_table(forgetting_frame(RECORDS), summary_frame(RECORDS)).set_index("baseline")
    # Two values 0.05 off their mean: sd = 0.0707, half-width = 12.706 * 0.0707 / sqrt(2).
    assert table.loc["naive", "a"] == "65.0 ± 63.5"
    assert table.loc["naive", "b"] == "90.0 ± 0.0"
    assert table.loc["naive", "forgetting (first - last)"] == "15.0 ± 63.5"
    assert table.loc["joint", "a"] == "90.0"
    assert table.loc["joint", "backward transfer"] == "-"
    assert table["seeds"].tolist() == ["2", "1"]


def test_markdown_has_a_line_for_each_row():
    assert markdown(pd.DataFrame({"baseline": ["x"], "a": ["1"]})) == "| baseline | a |\n| --- | ---: |\n| x | 1 |\n"
