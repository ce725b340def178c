"""Turns are paired, and rows say what stands behind them."""

import pytest

from timing import table
from timing.measure import Goal, ratio, summary, take_turns


def test_steps_take_turns_and_warm_ups_are_dropped():
    order = []
    times = take_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=3, warm_up=1)
    assert order == ["a", "b"] * 4
    assert {name: len(values) for name, values in times.items()} == {"a": 3, "b": 3}


def test_a_step_may_run_several_times_in_its_turn():
    order = []
    times = take_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 1, warm_up=0, repeats=2)
    assert order == ["a", "a", "b", "b"]
    assert len(times["a"]) == 1


def test_a_ratio_is_taken_round_by_round():
    row = ratio("cortex", "case", [2.0, 40.0, 6.0], [1.0, 10.0, 2.0], against="x", goal=Goal("at least", 3.0))
    assert (row.value, row.low, row.high, row.rounds) == (3.0, 2.5, 3.5, 3)
    assert row.goal.met(row.value)


@pytest.mark.parametrize(
    ("direction", "value", "met"), [("at least", 2, True), ("at least", 4, False), ("at most", 2, False)]
)
def test_goals_point_both_ways(direction, value, met):
    assert Goal(direction, value).met(3.0) is met


def test_rows_of_the_table_are_complete():
    rows = table([summary("growth", "case", [1.0], "s"), summary("memory", "m", [1.0], "GiB", goal=Goal("at most", 2))])
    assert rows["goal"].tolist() == ["", "at most 2"]
    assert rows["met"].tolist() == ["", "yes"]
