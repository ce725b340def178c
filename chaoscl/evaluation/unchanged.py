"""Whether the results of two versions of the suite differ, from the aggregates of both."""

import math
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

SHOWN = ("average_accuracy", "backward_transfer", "forgetting_max_last")


def unchanged_frame(first: pd.DataFrame, second: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return, for each baseline and metric that both have, the difference of the means and what chance makes of it.

    Welch's unequal-variances interval and test ("The generalization of Student's problem when several different
    population variances are involved", Biometrika 34, 1947). It takes the runs as independent. Those of one seed share
    initial weights and data order, so the interval is rather too wide than too narrow.

    Args:
        first: summary.csv of the earlier version.
        second: summary.csv of the later one.
        confidence: of the interval.

    Returns:
        Columns baseline, metric, first, second (means), difference (second - first), low, high, p; fractions. The last
        three are NaN where a version has fewer than two seeds or both have no spread.
    """
    keys = ["model", "baseline", "metric"]
    rows = []
    both = first[first["metric"].isin(SHOWN)].merge(second, on=keys, suffixes=("_1", "_2"), sort=False)
    for line in both.dropna(subset=["mean_1", "mean_2"]).to_dict("records"):
        low, high, p = _welch(line, confidence)
        rows.append(
            {
                "baseline": line["baseline"],
                "metric": line["metric"],
                "first": line["mean_1"],
                "second": line["mean_2"],
                "difference": line["mean_2"] - line["mean_1"],
                "low": low,
                "high": high,
                "p": p,
            }
        )
    return pd.DataFrame(rows, columns=["baseline", "metric", "first", "second", "difference", "low", "high", "p"])


def _welch(line: dict[Hashable, Any], confidence: float) -> tuple[float, float, float]:
    """Return the interval of a line's difference and its p-value."""
    counts = np.array([line["n_1"], line["n_2"]], dtype=float)
    variances = np.array([line["sd_1"], line["sd_2"]]) ** 2 / counts
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = variances.sum() ** 2 / (variances**2 / (counts - 1)).sum()
    error, difference = np.sqrt(variances.sum()), line["mean_2"] - line["mean_1"]
    if not np.isfinite(freedom):
        return math.nan, math.nan, math.nan
    half = float(stats.t.ppf((1 + confidence) / 2, freedom) * error)
    return difference - half, difference + half, float(2 * stats.t.sf(abs(difference) / error, freedom))
