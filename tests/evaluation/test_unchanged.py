"""Differences of two versions against scipy's own test on the samples behind them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from chaoscl.evaluation.unchanged import unchanged_frame


def summary(values, metric="average_accuracy"):
    line = {"model": "m", "baseline": "naive", "metric": metric}
    return pd.DataFrame([line | {"mean": np.mean(values), "sd": pd.Series(values).std(), "n": len(values)}])


def test_it_is_welchs_test_of_the_samples():
    first, second = [0.81, 0.84, 0.80], [0.83, 0.85, 0.90, 0.84]
    (row,) = unchanged_frame(summary(first), summary(second)).itertuples()
    expected = stats.ttest_ind(second, first, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert row.difference == pytest.approx(np.mean(second) - np.mean(first))
    assert (row.low, row.high, row.p) == pytest.approx((interval.low, interval.high, expected.pvalue))


def test_only_shared_baselines_and_shown_metrics_are_compared():
    other = summary([0.1, 0.2]).assign(baseline="ewc")
    assert len(unchanged_frame(summary([0.1, 0.2]), other)) == 0
    assert len(unchanged_frame(summary([0.1, 0.2], "plasticity"), summary([0.1, 0.2], "plasticity"))) == 0


def test_a_real_change_is_seen():
    rng = np.random.default_rng(0)
    (row,) = unchanged_frame(summary(rng.normal(0.8, 0.01, 20)), summary(rng.normal(0.9, 0.01, 20))).itertuples()
    assert row.p < 1e-6
    assert row.low > 0


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5]], ids=["one seed", "no spread"])
def test_where_chance_cannot_be_judged_only_the_difference_is_given(values):
    (row,) = unchanged_frame(summary(values), summary([value + 0.25 for value in values])).itertuples()
    assert row.difference == 0.25
    assert np.isnan([row.low, row.high, row.p]).all()
