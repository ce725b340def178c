"""Timings as a table and a figure."""

import pandas as pd
import pytest

from chaoscl.evaluation import schema
from chaoscl.reports.figures.style import VERMILION
from timing.compare_versions import versions_table
from timing.measure import Goal, Measured
from timing.report import (
    SPEED,
    cuda_run_table,
    cuda_speed_table,
    machine_line,
    speed_figure,
    speed_frame,
    speed_table,
)

ROWS = [
    (
        "cortex",
        "8 -> 32: fused",
        20.0,
        18.0,
        21.0,
        "times as fast",
        "the reference",
        30,
        "at least 15",
        "yes",
    ),
    ("cortex", "8 -> 32: fused", 5.0, 4.5, 6.0, "times the time", "Linear + ReLU", 30, "at most 4", "no"),
    ("start-up", "--help", 0.4, 0.4, 0.4, "s", "", 1, "", ""),
]


@pytest.fixture
def speed():
    return pd.DataFrame(ROWS, columns=[column.name for column in SPEED.columns])


def test_a_row_says_what_was_measured_beside_its_goal(speed):
    table = speed_table(speed)
    assert table["measured"].tolist() == [
        "20 (18 to 21) times as fast as the reference",
        "5 (4.5 to 6) times the time of Linear + ReLU",
        "0.4 s",
    ]
    assert table["goal"].tolist() == ["≥ 15", "≤ 4", ""]


def test_the_figure_puts_met_goals_right_of_one_and_marks_missed_ones(speed):
    axis = speed_figure(speed, "title").axes[0]
    shown = {tuple(line.get_xdata()): line.get_color() for line in axis.lines if line.get_marker() in "oX"}
    assert sorted(x for (x,) in shown) == [pytest.approx(4 / 5), pytest.approx(20 / 15)]
    assert next(colour for (x,), colour in shown.items() if x < 1) == VERMILION


def test_what_was_measured_becomes_rows_with_median_and_quartiles():
    goal = Goal("at most", 4)
    frame = speed_frame(
        {"cortex": [Measured("a", [2.0, 4.0, 3.0], "s", goal=goal)], "growth": [Measured("b", [5.0], "%", "x")]}
    )
    assert frame.to_numpy().tolist() == [
        ["cortex", "a", 3.0, 2.5, 3.5, "s", "", 3, "at most 4", "yes"],
        ["growth", "b", 5.0, 5.0, 5.0, "%", "x", 1, "", ""],
    ]


def test_the_csv_keeps_what_was_measured(speed, tmp_path):
    schema.write_csv(speed, SPEED, tmp_path / SPEED.name)
    pd.testing.assert_frame_equal(schema.read_csv(SPEED, tmp_path / SPEED.name), speed, check_dtype=False)


def test_each_precision_ends_with_the_whole_job():
    seconds = {"seconds_earlier": [100.0, 200.0], "seconds_now": [50.0, 100.0]}
    job = pd.DataFrame({"baseline": ["naive", "ewc"], **seconds})
    table = versions_table(pd.concat([job.assign(precision="float32"), job.assign(precision="bfloat16")]))
    assert table["baseline"].tolist() == ["naive", "ewc", "all of these"] * 2
    assert table.to_dict("records")[-1] == {
        "encoders now": "bfloat16",
        "baseline": "all of these",
        "earlier, s": "300",
        "now, s": "150",
        "times as fast": "2.00",
    }


def test_the_machine_is_one_line(tmp_path):
    file = tmp_path / "machine.json"
    file.write_text('{"processor": "P", "cores": 2, "system": "Linux", "python": "3.11", "torch": "2.15"}')
    assert machine_line(file) == "P, 2 cores, Linux, Python 3.11, torch 2.15.\n"


def test_the_cuda_tables_hold_a_row_a_shape_and_a_row_a_run():
    times = [
        {"shape": "a", "batch": 8, "device": device, "kernel": kernel, "ms": ms}
        for device, kernel, ms in (("cpu", "fused", 1.0), ("cuda", "fused", 0.25))
    ]
    runs = {"naive on cuda": {"result": {"final": [0.5, 0.75], "seconds": 2.04}}, "tests": {"failed": ["x"]}}
    report = {"speed": {"result": times}, "machine": {"result": {"device": "GPU"}}, **runs}
    assert cuda_speed_table(report).to_dict("records") == [
        {"shape": "a", "batch": "8", "cpu, fused, ms": "1.00", "cuda, fused, ms": "0.25"}
    ]
    assert cuda_run_table(report).to_dict("records") == [
        {"run": "naive on cuda", "ag_news": "50.0", "mnist": "75.0", "seconds": "2.0"}
    ]
