"""Turns are paired, and rows say what stands behind them."""

from pathlib import Path

import pytest

from timing.measure import Goal, ratios, run_python, take_turns

ROOT = Path(__file__).resolve().parents[3]


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
    assert ratios([2.0, 40.0, 6.0], [1.0, 10.0, 2.0]) == [2.0, 4.0, 3.0]
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("direction", "value", "met"), [("at least", 2, True), ("at least", 4, False), ("at most", 2, False)]
)
def test_goals_point_both_ways(direction, value, met):
    assert Goal(direction, value).met(3.0) is met


def test_a_new_process_imports_this_checkout():
    said = run_python("-c", "import chaoscl, timing; print(chaoscl.__file__, timing.__file__, sep=chr(10))")
    assert said.splitlines() == [str(ROOT / "chaoscl" / "__init__.py"), str(ROOT / "benchmarks/timing/__init__.py")]
