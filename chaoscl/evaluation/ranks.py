"""Ranks of baselines over streams: mean ranks, Friedman's test, and Wilcoxon's test of each pair after Holm.

Demsar 2006, Statistical Comparisons of Classifiers over Multiple Data Sets: each stream ranks the baselines once, so
the number of independent observations is that of the streams, whatever the number of seeds behind each score. Pairs
are tested by their own scores alone. Nemenyi's test compares mean ranks, which depend on who else is ranked, so that
its verdict on a pair changes with the others (Benavoli, Corani & Mangili 2016, Should We Really Use Post-Hoc Tests
Based on Mean-Ranks?).
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from chaoscl.evaluation import schema
from chaoscl.evaluation.metrics import METRICS
from chaoscl.evaluation.statistics import holm, wilcoxon_signed_rank

Array = npt.NDArray[np.float64]
_DECIMALS = 12


def score_table(summaries: Mapping[str, pd.DataFrame], metric: str) -> pd.DataFrame:
    """Return the scores to be ranked: one row for each (baseline, model), one column for each stream.

    Rows come in the order in which they first appear. A score is NaN where a stream's summary lacks the baseline or the
    metric is not defined for it, such as forgetting of joint training.

    Args:
        summaries: summary.csv of each stream, by the stream's name; one stream, scenario and data in each.
        metric: name of the metric in the registry.
    """
    columns = {}
    for name, summary in summaries.items():
        chosen = summary[summary["metric"] == metric]
        columns[name] = chosen.set_index(["baseline", "model"])["mean"]
    return pd.concat(columns, axis=1, sort=False)


def rank_frame(scores: pd.DataFrame, metric: str, data: str) -> pd.DataFrame:
    """Return ``ranks.csv``: the baselines by their mean rank over the streams, the best first.

    Args:
        scores: (baselines, streams) table of :func:`score_table`, without NaN.
        metric: name of the metric in the registry; it says whether higher is better.
        data: the word for where the data came from.

    Raises:
        ValueError: a score is missing, or there are fewer than two baselines or two streams.
    """
    table = scores.to_numpy().T
    if min(table.shape) < 2:
        raise ValueError(f"ranks: two baselines and two streams are needed, not {table.shape[1]} and {table.shape[0]}")
    ranks = mean_ranks(table, METRICS[metric].higher_is_better)
    frame = pd.DataFrame(
        {
            "baseline": [str(baseline) for baseline, _ in scores.index],
            "model": [str(model) for _, model in scores.index],
            "data": data,
            "metric": metric,
            "mean_rank": ranks,
            "streams": np.full(ranks.size, table.shape[0], dtype=np.int64),
            "friedman_p": friedman_test(table),
        }
    ).sort_values("mean_rank", kind="stable", ignore_index=True)
    schema.validate(frame, schema.RANKS)
    return frame


def pair_frame(scores: pd.DataFrame, metric: str, data: str) -> pd.DataFrame:
    """Return ``rank_pairs.csv``: Wilcoxon's signed-rank test of each two baselines over the streams, after Holm.

    A pair's ``p_wilcoxon`` depends on the two alone; Holm's correction counts all pairs of the table. Differences are
    rounded to twelve decimals, so that those that are equal on paper tie. Arguments and errors as in
    :func:`rank_frame`.
    """
    ranked = rank_frame(scores, metric, data)
    sign = 1.0 if METRICS[metric].higher_is_better else -1.0
    lines = []
    for first, second in combinations(zip(ranked["baseline"], ranked["model"], strict=True), 2):
        gains = (sign * (scores.loc[first] - scores.loc[second])).to_numpy(dtype=np.float64).round(_DECIMALS)
        lines.append(
            {
                "baseline": first[0],
                "model": first[1],
                "other": second[0],
                "other_model": second[1],
                "data": data,
                "metric": metric,
                "better": int((gains > 0).sum()),
                "worse": int((gains < 0).sum()),
                "streams": gains.size,
                "p_wilcoxon": wilcoxon_signed_rank(gains),
            }
        )
    frame = pd.DataFrame(lines)
    frame["p_holm"] = holm(frame["p_wilcoxon"])
    schema.validate(frame, schema.RANK_PAIRS)
    return frame


def smallest_p(streams: int, pairs: int) -> float:
    """Return the smallest p-value that a pair can have: 2 / 2^streams, times the number of pairs in Holm's first step.

    At 5 % no pair can be told apart where it is larger, whatever the scores.
    """
    return min(1.0, pairs * 2.0 / 2.0**streams)


def mean_ranks(scores: npt.ArrayLike, higher_is_better: bool = True) -> Array:
    """Return the mean rank of each of k competitors over N streams; rank 1 is best, ties share their mean rank.

    Demsar 2006, Statistical Comparisons of Classifiers over Multiple Data Sets, section 3.2.

    Args:
        scores: (N, k), one row a stream, one column a competitor.
        higher_is_better: False for forgetting and other losses.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.size == 0 or not bool(np.isfinite(table).all()):
        raise ValueError("mean ranks: a complete (streams, competitors) table of finite numbers is needed")
    ranks = stats.rankdata(-table if higher_is_better else table, axis=1, method="average")
    return np.asarray(ranks.mean(axis=0), dtype=np.float64)


def friedman_test(scores: npt.ArrayLike) -> float:
    """Return the p-value of Friedman's test that k competitors rank alike over N streams.

    Friedman 1937, The Use of Ranks; scipy.stats.friedmanchisquare. Its chi-square approximation is rough for few
    streams (Demsar 2006, section 3.2.1, advises N > 10 and k > 5). NaN for two competitors, for whom a paired test over
    the streams is the right one; 1 when every stream ranks all of them equal.

    Args:
        scores: (N, k), one row a stream, one column a competitor. Whether higher is better makes no difference.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.shape[1] < 3:
        return float("nan")
    if bool((table == table[:, :1]).all()):
        return 1.0
    return float(stats.friedmanchisquare(*table.T).pvalue)
