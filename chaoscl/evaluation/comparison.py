"""Each baseline against the command's first one, run by run: how they differ, how surely, and what it takes to see it.

Two runs form a pair when they share stream, scenario, data, seed and task order. Pairs of one seed in several task
orders share the initial weights, so they are not as independent as pairs of different seeds.
"""

import math
from collections.abc import Sequence

import pandas as pd

from chaoscl.evaluation import schema, statistics
from chaoscl.evaluation.aggregate import Arena, Cells, Group, RunRecord, as_frame, groups, key_columns
from chaoscl.evaluation.metrics import METRICS

COMPARED = (
    "average_accuracy",
    "average_incremental_accuracy",
    "learning_accuracy",
    "forgetting_max_last",
    "backward_transfer",
)
"""The metrics that are compared, in the order of the lines."""

MARGIN = 0.01
"""Half-width of what counts as equal: one point of accuracy. docs/comparing.md says why."""

_CORRECTED = {"p_permutation": "p_holm", "p_tost": "p_tost_holm"}
_STATISTICS = (
    "difference",
    "sd",
    "ci95",
    "min",
    "max",
    "p_permutation",
    "p_wilcoxon",
    "p_tost",
    "effect_size",
    "smallest_detectable",
    "pairs_needed",
)


def comparison_frame(records: Sequence[RunRecord], order_of_baselines: Sequence[str]) -> pd.DataFrame:
    """Return ``comparisons.csv``: for each baseline and metric, the paired difference to the reference.

    The reference is the first baseline of the order. A model is compared with the reference's runs of the same model;
    where the reference has none, as for a baseline that brings its own model, with those of its first model by name.
    Its other models are compared with that first one, too. Where models differ and the reference has several, its name
    ends with the model. ``n``
    counts the pairs in which both runs have a value; a run without its counterpart is in no pair. Holm's correction
    covers the baselines that are tested on the same metric, stream, scenario and data, not the metrics; the tests for a
    difference and those for equality within MARGIN are two families. The effect size is Hedges' g_z. See
    :mod:`chaoscl.evaluation.statistics` for the tests and their papers.

    What is not defined is NaN: all but ``n`` without a pair, all but the difference and its range for one pair, the
    effect size for two, and effect size, power and pairs needed where the differences have no spread. There are no
    lines for a stream on which the reference has no run.

    Args:
        records: the runs, at most one for each setting, baseline, seed and task order.
        order_of_baselines: the baselines in the command's order; all that have runs, at least one.

    Raises:
        ValueError: the order is empty or lacks a baseline, or runs of one baseline differ in tasks.
    """
    if not order_of_baselines:
        raise ValueError("comparison: the order of the baselines is empty, its first is the reference")
    references: dict[Arena, list[Group]] = {}
    lines: list[Cells] = []
    for group in groups(records, order_of_baselines):
        known = references.setdefault(group[0].arena, [])
        if group[0].baseline == order_of_baselines[0]:
            known.append(group)
            if len(known) > 1:
                lines += _compared(group, known[0])
        elif known:
            same = [runs for runs in known if runs[0].model == group[0].model]
            lines += _compared(group, (same or known)[0], named=len(known) > 1 and not same)
    _correct(lines)
    return as_frame(lines, schema.COMPARISONS)


def between_frame(first: Sequence[RunRecord], second: Sequence[RunRecord]) -> pd.DataFrame:
    """Return the paired difference ``second`` minus ``first`` for each baseline and metric that both have.

    The columns are those of ``comparisons.csv``, with the reference as ``baseline (model)``: the same baseline in
    ``first``. So two models, two recipes or two versions of the code are compared baseline by baseline. Holm's
    correction covers the baselines.

    Args:
        first: runs on one stream, scenario and data, of one model a baseline.
        second: likewise, on the same stream, scenario and data.

    Raises:
        ValueError: the two differ in stream, scenario or data, share no baseline, or hold a baseline with two models.
    """
    arenas = [{record.arena for record in records} for records in (first, second)]
    if arenas[0] != arenas[1]:
        words = (" and ".join(sorted(", ".join(arena) for arena in found)) or "no run" for found in arenas)
        raise ValueError(f"they are not about the same stream, scenario and data: {'; '.join(words)}")
    known, others = ({group[0].baseline: group for group in _one_model(records)} for records in (first, second))
    lines = [
        _line(others[name], group, metric) for name, group in known.items() if name in others for metric in COMPARED
    ]
    if not lines:
        raise ValueError(f"they share no baseline: {', '.join(known)}; {', '.join(others)}")
    for line in lines:
        line["reference"] = f"{line['reference']} ({known[str(line['baseline'])][0].model})"
    _correct(lines)
    return as_frame(lines, schema.COMPARISONS)


def _one_model(records: Sequence[RunRecord]) -> list[Group]:
    found = list(groups(records))
    names = [group[0].baseline for group in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} has runs of several models")
    return found


def _compared(group: Group, reference: Group, named: bool = True) -> list[Cells]:
    """Return a line for each metric; ``named`` adds to the reference's name the model, where it is another."""
    lines = [_line(group, reference, metric) for metric in COMPARED]
    if named:
        for line in lines:
            line["reference"] = f"{line['reference']} ({reference[0].model})"
    return lines


def _line(group: Group, reference: Group, metric: str) -> Cells:
    """Return one line, with the p-value after Holm still to be filled in."""
    values, others = _values(group, metric), _values(reference, metric)
    pairs = values.keys() & others.keys()
    found = dict.fromkeys(_STATISTICS, math.nan)
    if pairs:
        differences = statistics.paired_differences(
            {pair: values[pair] for pair in pairs}, {pair: others[pair] for pair in pairs}
        )
        found |= _statistics(differences)
    place: Cells = {"reference": reference[0].baseline, "metric": metric, "n": len(pairs), "margin": MARGIN}
    return key_columns(group[0]) | place | dict.fromkeys(_CORRECTED.values(), math.nan) | found


def _values(group: Group, metric: str) -> dict[tuple[int, str], float]:
    """Return the metric of each run, by seed and task order, where it is defined."""
    values = {record.pair: METRICS[metric].compute(record.matrix.mean) for record in group}
    return {pair: value for pair, value in values.items() if not math.isnan(value)}


def _statistics(differences: statistics.Array) -> dict[str, float]:
    """Return what the paired differences of at least one pair say; what they leave undefined is not among it."""
    interval = statistics.mean_interval(differences)
    found = {"difference": interval.mean, "sd": interval.sd, "ci95": interval.half_width}
    found |= {"min": float(differences.min()), "max": float(differences.max())}
    if interval.n == 1:
        return found
    found["p_permutation"] = statistics.paired_permutation_test(differences)
    found["p_wilcoxon"] = statistics.wilcoxon_signed_rank(differences)
    found["p_tost"] = statistics.equivalence_test(differences, MARGIN)
    if interval.sd > 0.0:
        found["effect_size"] = statistics.effect_size(differences).g_z
        found["smallest_detectable"] = statistics.smallest_detectable_difference(interval.sd, interval.n)
        found["pairs_needed"] = _pairs_needed(interval)
    return found


def _pairs_needed(interval: statistics.Interval) -> float:
    """Return how many pairs are missing to see the difference; NaN for no difference or one far too small."""
    try:
        needed = statistics.seeds_needed(interval.mean, interval.sd)
    except ValueError:
        return math.nan
    return float(max(0, needed - interval.n))


def _correct(lines: Sequence[Cells]) -> None:
    """Fill in the p-values after Holm: for each test one family a stream, scenario, data and metric."""
    for raw, corrected in _CORRECTED.items():
        families: dict[tuple[object, ...], list[Cells]] = {}
        for line in lines:
            if not math.isnan(float(line[raw])):
                family = tuple(line[name] for name in ("stream", "scenario", "data", "data_sha256", "metric"))
                families.setdefault(family, []).append(line)
        for family_lines in families.values():
            adjusted = statistics.holm([float(line[raw]) for line in family_lines])
            for line, p_value in zip(family_lines, adjusted, strict=True):
                line[corrected] = float(p_value)
