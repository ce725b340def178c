"""Estimates as text: an interval where it can hold, the range of the seeds where it cannot."""

import math

import pandas as pd
import pytest

from chaoscl.reports.estimates import bounds_of, bounds_of_difference, estimate, has_range, percent


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


@pytest.mark.parametrize(
    ("mean", "half", "low", "high", "text"),
    [
        (0.486, 1.160, 0.0, 0.98, "48.6 (0.0 to 98.0)"),  # a table once said 48.6 ± 116.0
        (0.998, 0.004, 0.996, 0.9995, "99.8 (99.6 to 100.0)"),
        (0.5, 0.5, 0.3, 0.7, "50.0 ± 50.0"),  # up to the ends of the scale
        (0.834, math.nan, 0.834, 0.834, "83.4"),
        (0.834, 0.006, 0.83, 0.84, "83.4 ± 0.6"),
        (0.486, 1.160, math.nan, math.nan, "48.6 (range not known)"),
        (math.nan, math.nan, math.nan, math.nan, "-"),
    ],
)
def test_an_interval_that_leaves_the_scale_is_the_range_of_the_seeds(mean, half, low, high, text):
    line = {"final_mean": mean, "final_ci95": half, "final_min": low, "final_max": high}
    assert estimate(line, "final_") == text
    assert has_range([pd.DataFrame({"a": ["1.0", text]})]) == ("(" in text)


def test_forgetting_may_be_negative_and_a_difference_twice_as_large():
    line = {"mean": 0.02, "ci95": 0.05, "min": 0.0, "max": 0.04}
    assert estimate(line, bounds=bounds_of("forgetting_max_last")) == "2.0 ± 5.0"
    assert estimate(line, bounds=bounds_of("average_accuracy")) == "2.0 (0.0 to 4.0)"
    difference = {"difference": -0.02, "ci95": 1.5, "min": -0.1, "max": 0.06}
    assert bounds_of_difference("average_accuracy") == (-1.0, 1.0)
    assert estimate(difference, bounds=bounds_of_difference("average_accuracy")) == "-2.0 (-10.0 to 6.0)"
    assert estimate(difference, bounds=bounds_of_difference("forgetting_max_last")) == "-2.0 ± 150.0"
