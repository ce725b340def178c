"""One estimate as text: its mean with an interval, or with its range where the interval would leave the scale."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from chaoscl.evaluation.metrics import METRICS

SHARE = (0.0, 1.0)
RANGE_UNKNOWN = "range not known"
RANGE_NOTE = (
    "Where the 95 % interval would leave the possible values, the smallest and the largest value over seeds stand in"
    " parentheses in its place."
)
_ROUNDING = 1e-9


def percent(mean: float, half_width: float) -> str:
    """Return a share as percent with its 95 % interval: ``83.4 ± 0.6``; without one for a single seed; ``-`` if NaN."""
    if math.isnan(mean):
        return "-"
    shown = f"{100 * mean:.1f}".replace("-0.0", "0.0")
    return shown if math.isnan(half_width) else f"{shown} ± {100 * half_width:.1f}"


def estimate(line: Mapping[Any, Any], prefix: str = "", bounds: tuple[float, float] = SHARE) -> str:
    """Return an estimate of an aggregate as percent: ``83.4 ± 0.6``, or ``48.6 (3.1 to 99.5)``.

    The range of the seeds takes the place of an interval that reaches beyond ``bounds``: no accuracy lies there, so the
    interval's assumptions do not hold. ``48.6 (range not known)`` is for files that do not hold the range.

    Args:
        line: a line of summary.csv, forgetting.csv or comparisons.csv.
        prefix: of its columns, such as ``final_``; the mean of comparisons.csv is called ``difference``.
        bounds: smallest and largest value that there can be, as a fraction.
    """
    mean = float(line["difference"] if f"{prefix}mean" not in line else line[f"{prefix}mean"])
    half = float(line[f"{prefix}ci95"])
    inside = mean - half >= bounds[0] - _ROUNDING and mean + half <= bounds[1] + _ROUNDING
    if math.isnan(mean) or math.isnan(half) or inside:
        return percent(mean, half)
    smallest, largest = float(line[f"{prefix}min"]), float(line[f"{prefix}max"])
    if math.isnan(smallest):
        return f"{percent(mean, math.nan)} ({RANGE_UNKNOWN})"
    return f"{percent(mean, math.nan)} ({percent(smallest, math.nan)} to {percent(largest, math.nan)})"


def bounds_of(metric: str) -> tuple[float, float]:
    """Return the smallest and largest value of a metric of summary.csv."""
    return METRICS[metric].bounds if metric in METRICS else SHARE


def bounds_of_difference(metric: str) -> tuple[float, float]:
    """Return the smallest and largest difference of two values of a metric."""
    low, high = bounds_of(metric)
    return low - high, high - low


def has_range(frames: Sequence[pd.DataFrame]) -> bool:
    """Say whether a table of texts shows a range in place of an interval."""
    return any(
        str(cell).endswith(")") and (" to " in str(cell) or RANGE_UNKNOWN in str(cell))
        for frame in frames
        for cell in frame.to_numpy().ravel()
    )
