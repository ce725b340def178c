"""Ranks of baselines over streams: Friedman's test, Nemenyi's critical difference, and who belongs together.

Demsar 2006, Statistical Comparisons of Classifiers over Multiple Data Sets: each stream ranks the baselines once, so
the number of independent observations is that of the streams, whatever the number of seeds behind each score.
"""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from chaoscl.evaluation import schema
from chaoscl.evaluation.metrics import METRICS
from chaoscl.evaluation.statistics import check_fraction

Array = npt.NDArray[np.float64]


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
            "critical_difference": nemenyi_critical_difference(ranks.size, table.shape[0]),
        }
    ).sort_values("mean_rank", kind="stable", ignore_index=True)
    schema.validate(frame, schema.RANKS)
    return frame


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


def nemenyi_critical_difference(competitors: int, streams: int, alpha: float = 0.05) -> float:
    """Return the smallest difference of two mean ranks that is significant at ``alpha``.

    q * sqrt(k (k + 1) / (6 N)), with q the upper quantile of the studentised range of k groups and infinite degrees of
    freedom over sqrt(2) (Demsar 2006, section 3.2.2; scipy.stats.studentized_range).
    """
    if competitors < 2 or streams < 1:
        raise ValueError("nemenyi: at least two competitors and one stream are needed")
    check_fraction("alpha", alpha)
    q = float(stats.studentized_range.ppf(1.0 - alpha, competitors, np.inf)) / math.sqrt(2.0)
    return q * math.sqrt(competitors * (competitors + 1) / (6.0 * streams))


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


def joined_groups(ranks: npt.ArrayLike, critical_difference: float) -> list[tuple[int, ...]]:
    """Return the largest groups of competitors among whom no two mean ranks differ by the critical difference.

    Each group holds the positions of its members in ``ranks``, the best first, and at least two of them; no group lies
    inside another. These are the thick lines of Demsar's diagram (2006, figure 1).
    """
    values = np.asarray(ranks, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    groups: list[tuple[int, ...]] = []
    reached = 0
    for start in range(order.size):
        end = start + int(np.sum(values[order[start:]] - values[order[start]] < critical_difference))
        if end > reached and end - start > 1:
            groups.append(tuple(int(place) for place in order[start:end]))
        reached = max(reached, end)
    return groups
