"""Statistics over seeds: intervals, paired tests, effect sizes, power.

Runs are paired: two baselines with the same seed and task order share the split, the initial weights and the order of
the samples, so differences are taken pair by pair. SciPy does the arithmetic wherever it has the procedure.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

Array = npt.NDArray[np.float64]
Alternative = Literal["two-sided", "less", "greater"]
_DECIMALS = 12
_LARGEST_NONCENTRALITY = 1e9


class Sortable(Protocol):
    """What names a pair: a seed, a (seed, task order) tuple, anything that can be sorted and used as a key."""

    def __lt__(self, other: Any, /) -> bool:
        """Whether this key comes before another."""

    def __hash__(self) -> int:
        """The hash of the key."""


Key = TypeVar("Key", bound=Sortable)


@dataclass(frozen=True)
class Interval:
    """A mean with a two-sided interval ``mean +- half_width``.

    ``sd`` (n - 1 in the denominator) and ``half_width`` are NaN for one value.
    """

    mean: float
    half_width: float
    sd: float
    n: int
    confidence: float

    @property
    def low(self) -> float:
        """The lower end."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """The upper end."""
        return self.mean + self.half_width


@dataclass(frozen=True)
class EffectSize:
    """Standardised mean of paired differences: Cohen's ``d_z``, and ``g_z`` with Hedges' correction for small n."""

    d_z: float
    g_z: float


def standard_deviation(values: npt.ArrayLike) -> float:
    """Return the sample standard deviation, n - 1 in the denominator; NaN for one value, ValueError for none.

    Equal values have exactly 0: the rounding of their mean is no spread.
    """
    sample = _sample(values)
    if sample.size == 1:
        return float("nan")
    return 0.0 if _all_equal(sample) else float(sample.std(ddof=1))


def mean_interval(values: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Return Student's interval for a mean: mean +- t(1 - (1 - confidence)/2, n - 1) * sd / sqrt(n).

    Student 1908, The Probable Error of a Mean; the quantile is scipy.stats.t. One value gives a NaN half-width.

    Raises:
        ValueError: no values, a value that is not finite, or a confidence outside (0, 1).
    """
    sample = _sample(values)
    check_fraction("confidence", confidence)
    n = sample.size
    sd = standard_deviation(sample)
    half = float(stats.t.ppf(0.5 + confidence / 2.0, n - 1)) * sd / math.sqrt(n) if n > 1 else float("nan")
    return Interval(float(sample.mean()), half, sd, n, confidence)


def paired_differences(first: Mapping[Key, float], second: Mapping[Key, float]) -> Array:
    """Return first - second pair by pair, in the order of the keys.

    Rounded to twelve decimals, so that differences of accuracies that are equal on paper are equal here too.

    Raises:
        ValueError: a key is there on one side only; unpaired runs must be left out openly, by the caller.
    """
    unpaired = sorted(set(first) ^ set(second))
    if unpaired:
        raise ValueError(f"paired differences: runs {unpaired} are there on one side only")
    return _sample([first[key] - second[key] for key in sorted(first)]).round(_DECIMALS)


def paired_interval(first: Mapping[Key, float], second: Mapping[Key, float], confidence: float = 0.95) -> Interval:
    """Return Student's interval for the mean of first - second over pairs."""
    return mean_interval(paired_differences(first, second), confidence)


def paired_permutation_test(
    differences: npt.ArrayLike, alternative: Alternative = "two-sided", resamples: int = 9999, seed: int = 0
) -> float:
    """Return the p-value of the sign-flip test that paired differences have mean 0.

    Fisher 1935, The Design of Experiments; scipy.stats.permutation_test with ``permutation_type="samples"``. Exact
    while 2^n is at most ``resamples`` (13 pairs with the default), else by ``resamples`` seeded random sign flips. With
    n pairs the smallest exact two-sided p-value is 2 / 2^n: five seeds cannot reach 0.05.
    """
    sample = _sample(differences)

    def mean(values: Array, axis: int) -> Array:
        return np.asarray(values.mean(axis=axis))

    result = stats.permutation_test(
        (sample,),
        mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        alternative=alternative,
        random_state=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def wilcoxon_signed_rank(differences: npt.ArrayLike, alternative: Alternative = "two-sided") -> float:
    """Return the p-value of Wilcoxon's signed-rank test (Wilcoxon 1945; scipy.stats.wilcoxon, zeros dropped).

    No evidence at all, every difference 0, gives 1.
    """
    sample = _sample(differences)
    if not sample.any():
        return 1.0
    return float(stats.wilcoxon(sample, alternative=alternative, zero_method="wilcox").pvalue)


def holm(p_values: npt.ArrayLike) -> Array:
    """Return p-values adjusted by Holm's step-down procedure, in the given order.

    Holm 1979: with p sorted upwards, the k-th of m (k from 1) becomes the largest of (m - i + 1) * p_i over i <= k, at
    most 1. Controls the family-wise error rate without assumptions on dependence. SciPy has no Holm correction.

    Raises:
        ValueError: a value outside [0, 1] or NaN.
    """
    raw = np.asarray(p_values, dtype=np.float64)
    if raw.ndim != 1 or not bool(((raw >= 0.0) & (raw <= 1.0)).all()):
        raise ValueError("holm: p-values must be a list of numbers in [0, 1]")
    order = np.argsort(raw, kind="stable")
    steps = np.maximum.accumulate(raw[order] * np.arange(raw.size, 0, -1))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def equivalence_test(differences: npt.ArrayLike, margin: float) -> float:
    """Return the p-value of the test that the mean of paired differences lies within (-margin, margin).

    Two one-sided t tests (TOST), the larger of their p-values: Schuirmann 1987, A Comparison of the Two One-Sided Tests
    Procedure and the Power Approach; Lakens 2017, Equivalence Tests. At 5 % it is significant exactly when the 90 %
    Student interval lies within the margins. NaN for one pair. Differences without spread have the limit for sd
    towards 0, which agrees with their interval of width 0: 0 inside the margins, 1 elsewhere.

    Raises:
        ValueError: the margin is not positive.
    """
    sample = _sample(differences)
    if not margin > 0.0:
        raise ValueError(f"equivalence test: the margin must be positive, not {margin}")
    if sample.size == 1:
        return float("nan")
    if not standard_deviation(sample) > 0.0:
        return 0.0 if abs(float(sample[0])) < margin else 1.0
    above = stats.ttest_1samp(sample, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(sample, margin, alternative="less").pvalue
    return float(max(above, below))


def effect_size(differences: npt.ArrayLike) -> EffectSize:
    """Return Cohen's d_z = mean / sd of paired differences, and g_z = J(n - 1) * d_z.

    Cohen 1988, Statistical Power Analysis, section 2.3.5; Hedges 1981 for J(m) = G(m/2) / (sqrt(m/2) G((m-1)/2)), with
    G the gamma function, about 1 - 3/(4m - 1). Both are NaN for one pair or for differences without spread; g_z needs
    three pairs.
    """
    sample = _sample(differences)
    sd = standard_deviation(sample)
    if not sd > 0.0:
        return EffectSize(float("nan"), float("nan"))
    d_z = float(sample.mean()) / sd
    m = sample.size - 1
    if m < 2:
        return EffectSize(d_z, float("nan"))
    correction = math.exp(float(special.gammaln(m / 2.0)) - float(special.gammaln((m - 1) / 2.0))) / math.sqrt(m / 2.0)
    return EffectSize(d_z, d_z * correction)


def paired_power(difference: float, sd: float, n: int, alpha: float = 0.05) -> float:
    """Return the power of the two-sided paired t test with n pairs.

    P(|t'| > t(1 - alpha/2, n - 1)) for t' noncentral with n - 1 degrees of freedom and noncentrality
    difference * sqrt(n) / sd (Cohen 1988, section 2.3; scipy.stats.nct). ``sd`` is that of the differences. The lower
    tail is taken as the upper tail of the mirrored distribution: SciPy 1.17's ``nct.cdf`` is NaN far out on the left.
    Its ``nct.sf`` is NaN beyond a noncentrality of about 1e10, so that is cut off where the power has long been 1.
    """
    _check_power_arguments(sd, alpha)
    if n < 2:
        raise ValueError(f"power: at least two pairs are needed, not {n}")
    noncentrality = min(abs(difference) * math.sqrt(n) / sd, _LARGEST_NONCENTRALITY)
    critical = float(stats.t.ppf(1.0 - alpha / 2.0, n - 1))
    upper = float(stats.nct.sf(critical, n - 1, noncentrality))
    lower = float(stats.nct.sf(critical, n - 1, -noncentrality))
    return float(np.clip(upper + lower, 0.0, 1.0))


def smallest_detectable_difference(sd: float, n: int, power: float = 0.8, alpha: float = 0.05) -> float:
    """Return the smallest true mean difference that n pairs detect with the given power; ``sd`` is of the differences.

    The root of :func:`paired_power` in the difference.
    """
    _check_power_arguments(sd, alpha)
    _check_power(power, alpha)
    high = sd
    while paired_power(high, sd, n, alpha) < power:
        high *= 2.0
    return float(optimize.brentq(lambda difference: paired_power(difference, sd, n, alpha) - power, 0.0, high))


def seeds_needed(difference: float, sd: float, power: float = 0.8, alpha: float = 0.05, limit: int = 1_000_000) -> int:
    """Return the fewest seeds (at least 2) with which a true mean ``difference`` is detected with the given power.

    Raises:
        ValueError: the difference is 0, or more than ``limit`` seeds would be needed.
    """
    _check_power_arguments(sd, alpha)
    _check_power(power, alpha)
    if difference == 0.0:
        raise ValueError("seeds needed: no number of seeds detects a difference of 0")
    low, high = 1, 2
    while paired_power(difference, sd, high, alpha) < power:
        if high >= limit:
            raise ValueError(f"seeds needed: more than {limit}")
        low, high = high, min(2 * high, limit)
    while high - low > 1:  # power grows with n, so halve the bracket (low fails, high suffices)
        middle = (low + high) // 2
        if paired_power(difference, sd, middle, alpha) < power:
            low = middle
        else:
            high = middle
    return high


def _all_equal(sample: Array) -> bool:
    return bool((sample == sample[0]).all())


def _sample(values: npt.ArrayLike) -> Array:
    """Return ``values`` as a non-empty vector of finite numbers, or raise ValueError."""
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or sample.size == 0:
        raise ValueError(f"a list of at least one value is needed, not an array of shape {sample.shape}")
    if not bool(np.isfinite(sample).all()):
        raise ValueError("a value is not finite")
    return sample


def check_fraction(name: str, value: float) -> None:
    """Raise ValueError unless ``value`` lies strictly between 0 and 1; ``name`` is what the message calls it."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie between 0 and 1, not {value}")


def _check_power(power: float, alpha: float) -> None:
    check_fraction("power", power)
    if power <= alpha:
        raise ValueError(f"power {power} is reached without any difference at alpha {alpha}")


def _check_power_arguments(sd: float, alpha: float) -> None:
    if not 0.0 < sd < math.inf:
        raise ValueError(f"sd of the differences must be positive and finite, not {sd}")
    check_fraction("alpha", alpha)
