"""Statistics against published examples, textbook tables and SciPy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from chaoscl.evaluation import statistics

# Student 1908 (R's data set sleep): extra hours of sleep, second drug less the first, ten patients
SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
# Darwin's maize, Fisher 1935 chapter III: crossed less self-fertilised, eighths of an inch, fifteen pairs
MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
samples = st.lists(st.floats(-1, 1).map(lambda value: round(value, 3)), min_size=2, max_size=8)


def test_interval_of_five_numbers():
    # mean 3; sd = sqrt((4 + 1 + 0 + 1 + 4)/4) = sqrt(2.5); t(0.975, 4) = 2.776 in the tables
    interval = statistics.mean_interval([1, 2, 3, 4, 5])
    assert interval.mean == 3.0
    assert interval.sd == pytest.approx(math.sqrt(2.5))
    assert interval.half_width == pytest.approx(2.776 * math.sqrt(2.5 / 5), rel=2e-4)
    assert (interval.n, interval.confidence) == (5, 0.95)


def test_interval_of_the_sleep_data():
    # R: t.test(extra ~ group, paired) gives 0.7001142 to 2.4598858
    interval = statistics.mean_interval(SLEEP)
    assert (interval.low, interval.high) == pytest.approx((0.7001142, 2.4598858), abs=5e-8)


def test_interval_with_another_confidence():
    # t(0.95, 4) = 2.132
    interval = statistics.mean_interval([1, 2, 3, 4, 5], confidence=0.9)
    assert interval.half_width == pytest.approx(2.132 * math.sqrt(0.5), rel=2e-4)


@given(samples, st.sampled_from([0.8, 0.95, 0.99]))
@settings(max_examples=50, deadline=None)
def test_interval_is_that_of_scipy(values, confidence):
    interval = statistics.mean_interval(values, confidence)
    expected = stats.ttest_1samp([*values], 0.0).confidence_interval(confidence) if np.ptp(values) > 0 else None
    if expected is None:
        assert interval.half_width == pytest.approx(0.0, abs=1e-12)
    else:
        assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_one_value_has_no_spread_and_none_is_an_error():
    interval = statistics.mean_interval([0.7])
    assert (interval.mean, interval.n) == (0.7, 1)
    assert math.isnan(interval.half_width)
    assert math.isnan(interval.sd)
    assert math.isnan(statistics.standard_deviation([0.7]))
    for function in (statistics.mean_interval, statistics.standard_deviation, statistics.effect_size):
        with pytest.raises(ValueError, match="at least one value"):
            function([])


@pytest.mark.parametrize("values", [[0.1, math.nan], [0.1, math.inf]])
def test_values_that_are_not_finite_are_refused(values):
    for function in (statistics.mean_interval, statistics.wilcoxon_signed_rank, statistics.paired_permutation_test):
        with pytest.raises(ValueError, match="not finite"):
            function(values)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_confidence_is_a_fraction(confidence):
    with pytest.raises(ValueError, match="confidence"):
        statistics.mean_interval([1, 2], confidence)


def test_differences_are_paired_by_seed_not_by_place():
    first, second = {2: 0.9, 0: 0.5, 1: 0.7}, {0: 0.4, 1: 0.5, 2: 0.6}
    assert statistics.paired_differences(first, second) == pytest.approx([0.1, 0.2, 0.3])
    interval = statistics.paired_interval(first, second)
    # mean 0.2, sd 0.1, t(0.975, 2) = 4.303
    assert interval.mean == pytest.approx(0.2)
    assert interval.half_width == pytest.approx(4.303 * 0.1 / math.sqrt(3), rel=2e-4)


def test_runs_of_several_orders_are_paired_by_seed_and_order():
    first = {(1, "given"): 0.9, (0, "shuffled"): 0.5, (0, "given"): 0.8}
    second = {(0, "given"): 0.5, (0, "shuffled"): 0.4, (1, "given"): 0.7}
    assert statistics.paired_differences(first, second).tolist() == [0.3, 0.1, 0.2]


def test_unpaired_runs_are_refused():
    with pytest.raises(ValueError, match=r"runs \[1, 3\] are there on one side only"):
        statistics.paired_differences({0: 1.0, 1: 1.0}, {0: 1.0, 3: 1.0})
    with pytest.raises(ValueError, match=r"runs \[\(0, 'b'\)\] are there on one side only"):
        statistics.paired_differences({(0, "a"): 1.0, (0, "b"): 1.0}, {(0, "a"): 1.0})


def test_equal_differences_are_equal_whatever_their_rounding():
    # 0.3 - 0.2, 0.4 - 0.3 and 0.9 - 0.8 are three different floats
    differences = statistics.paired_differences({0: 0.3, 1: 0.4, 2: 0.9}, {0: 0.2, 1: 0.3, 2: 0.8})
    assert differences.tolist() == [0.1, 0.1, 0.1]
    assert statistics.standard_deviation(differences) == 0.0
    assert math.isnan(statistics.effect_size(differences).d_z)


def test_permutation_test_of_fisher():
    # Fisher counts 1726 of the 2^15 = 32768 sign patterns with a sum at least as far from 0 as 314
    assert statistics.paired_permutation_test(MAIZE, resamples=2**15) == pytest.approx(1726 / 32768, abs=1e-12)
    assert statistics.paired_permutation_test(MAIZE, "greater", 2**15) == pytest.approx(863 / 32768, abs=1e-12)


def test_permutation_test_samples_when_there_are_too_many_patterns():
    sampled = statistics.paired_permutation_test(MAIZE)
    assert sampled == statistics.paired_permutation_test(MAIZE)
    assert sampled != statistics.paired_permutation_test(MAIZE, seed=1)
    assert sampled == pytest.approx(1726 / 32768, abs=0.01)


def test_permutation_test_by_counting():
    # 1, 2, 3: of 8 sign patterns only +++ and --- reach |sum| = 6
    assert statistics.paired_permutation_test([1, 2, 3]) == pytest.approx(2 / 8)
    assert statistics.paired_permutation_test([1, 2, 3], "greater") == pytest.approx(1 / 8)
    assert statistics.paired_permutation_test([1, 2, 3], "less") == pytest.approx(1.0)
    assert statistics.paired_permutation_test([0.1] * 5) == pytest.approx(2 / 32)  # five seeds cannot reach 0.05
    assert statistics.paired_permutation_test([0.0, 0.0]) == 1.0


def test_wilcoxon_of_the_depression_data():
    # Hollander & Wolfe 1973, as in R's wilcox.test: V = 40, one-sided p = 0.01953 = 10/512
    before = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
    after = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
    assert statistics.wilcoxon_signed_rank(before - after, "greater") == pytest.approx(10 / 512)
    assert statistics.wilcoxon_signed_rank(before - after) == pytest.approx(20 / 512)


def test_wilcoxon_without_any_difference_is_no_evidence():
    assert statistics.wilcoxon_signed_rank([0.0, 0.0, 0.0]) == 1.0


def test_holm_by_hand():
    # sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04, the last raised to 0.06
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.6, 0.7]) == pytest.approx([1.0, 1.0])
    assert statistics.holm([0.04]) == pytest.approx([0.04])
    assert statistics.holm([]).size == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_holm_lies_between_no_correction_and_bonferroni(p_values):
    raw, adjusted = np.array(p_values), statistics.holm(p_values)
    assert (adjusted >= raw).all()
    assert (adjusted <= np.minimum(1.0, raw * raw.size) + 1e-15).all()
    assert adjusted.min() == pytest.approx(min(1.0, raw.min() * raw.size))
    assert (np.diff(adjusted[np.argsort(raw, kind="stable")]) >= 0).all()


@pytest.mark.parametrize("p_values", [[0.1, math.nan], [1.1], [-0.1], [[0.1]]])
def test_holm_refuses_what_is_no_p_value(p_values):
    with pytest.raises(ValueError, match="p-values"):
        statistics.holm(p_values)


def test_equivalence_is_the_larger_of_two_one_sided_t_tests():
    # mean 0.5, sd 1, n 4: t = (0.5 + 2) / 0.5 = 5 and (0.5 - 2) / 0.5 = -3 with three degrees of freedom; the larger p
    # is that of 3
    differences = 0.5 + np.sqrt(3.0) / 2.0 * np.array([1.0, 1.0, -1.0, -1.0])
    assert np.std(differences, ddof=1) == pytest.approx(1.0)
    assert statistics.equivalence_test(differences, 2.0) == pytest.approx(stats.t.sf(3.0, 3))
    assert statistics.equivalence_test(-differences, 2.0) == pytest.approx(stats.t.sf(3.0, 3))
    assert statistics.equivalence_test(differences, 0.5) == pytest.approx(0.5)  # the mean lies on the margin


def test_equivalence_of_too_little_or_no_spread():
    assert math.isnan(statistics.equivalence_test([0.0], 0.01))
    assert statistics.equivalence_test([0.009] * 3, 0.01) == 0.0
    assert statistics.equivalence_test([0.01] * 3, 0.01) == 1.0
    assert statistics.equivalence_test([-0.02] * 3, 0.01) == 1.0
    for margin in (0.0, -0.01, math.nan):
        with pytest.raises(ValueError, match="margin must be positive"):
            statistics.equivalence_test([0.1, 0.2], margin)


@given(st.lists(st.integers(-300, 300).map(lambda point: point / 100), min_size=2, max_size=8), st.floats(0.01, 3))
@settings(max_examples=50, deadline=None)
def test_two_are_equal_at_5_percent_exactly_when_the_90_percent_interval_lies_within_the_margin(differences, margin):
    interval = statistics.mean_interval(differences, confidence=0.9)
    inside = max(abs(interval.low), abs(interval.high))
    if abs(inside - margin) > 1e-9:
        assert (statistics.equivalence_test(differences, margin) < 0.05) == (inside < margin)


def test_effect_size_by_hand():
    # 1, 2, 3: mean 2, sd 1, so d = 2; J(2) = G(1) / (sqrt(1) G(1/2)) = 1 / sqrt(pi)
    effect = statistics.effect_size([1, 2, 3])
    assert effect.d_z == pytest.approx(2.0)
    assert effect.g_z == pytest.approx(2.0 / math.sqrt(math.pi))
    # ten pairs: J(9) is near 1 - 3/35
    effect = statistics.effect_size(SLEEP)
    assert effect.d_z == pytest.approx(1.58 / 1.229995, abs=1e-5)
    assert effect.g_z / effect.d_z == pytest.approx(1 - 3 / 35, abs=1e-3)


def test_effect_size_that_is_not_defined():
    assert math.isnan(statistics.effect_size([0.5]).d_z)
    assert math.isnan(statistics.effect_size([0.5, 0.5]).d_z)
    assert statistics.effect_size([1, 2]).d_z == pytest.approx(1.5 / math.sqrt(0.5))
    assert math.isnan(statistics.effect_size([1, 2]).g_z)


@pytest.mark.parametrize(("effect", "pairs"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)])
def test_seeds_needed_are_those_of_the_power_tables(effect, pairs):
    # paired t test, two-sided 0.05, power 0.8: the numbers that G*Power and R's power.t.test give
    assert statistics.seeds_needed(effect * 0.03, 0.03) == pairs
    assert statistics.seeds_needed(-effect, 1.0) == pairs


def test_power_by_simulation():
    generator = np.random.default_rng(0)
    draws = generator.normal(0.02, 0.02, size=(20_000, 6))
    hits = np.mean(stats.ttest_1samp(draws, 0.0, axis=1).pvalue < 0.05)
    assert statistics.paired_power(0.02, 0.02, 6) == pytest.approx(hits, abs=0.012)
    assert statistics.paired_power(0.0, 0.02, 6) == pytest.approx(0.05)


@pytest.mark.parametrize("pairs", [2, 3, 5, 10, 34])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.95])
def test_smallest_detectable_difference_has_exactly_that_power(pairs, power):
    difference = statistics.smallest_detectable_difference(0.02, pairs, power)
    assert statistics.paired_power(difference, 0.02, pairs) == pytest.approx(power, abs=1e-6)
    assert statistics.seeds_needed(difference * 1.0001, 0.02, power) == pairs


def test_power_grows_with_the_difference_far_into_the_tails():
    for pairs in (2, 3, 5, 10, 34):
        found = [statistics.paired_power(difference, 1.0, pairs) for difference in np.linspace(0.0, 20.0, 80)]
        assert (np.diff(found) >= -1e-9).all()
        assert found[0] == pytest.approx(0.05)
        assert found[-1] <= 1.0


@pytest.mark.parametrize("pairs", [2, 5, 30])
def test_power_of_a_huge_difference_is_one(pairs):
    assert statistics.paired_power(1.0, 1e-12, pairs) == pytest.approx(1.0)
    assert statistics.seeds_needed(1.0, 1e-12) == 2


def test_power_arguments_are_checked():
    with pytest.raises(ValueError, match="difference of 0"):
        statistics.seeds_needed(0.0, 0.1)
    with pytest.raises(ValueError, match="more than 50"):
        statistics.seeds_needed(0.01, 1.0, limit=50)
    with pytest.raises(ValueError, match="sd of the differences"):
        statistics.seeds_needed(0.1, 0.0)
    with pytest.raises(ValueError, match="at least two pairs"):
        statistics.smallest_detectable_difference(0.1, 1)
    with pytest.raises(ValueError, match="without any difference"):
        statistics.smallest_detectable_difference(0.1, 5, power=0.05)
    with pytest.raises(ValueError, match="alpha"):
        statistics.paired_power(0.1, 0.1, 5, alpha=0.0)
