"""Tables and sentences of docs/long-streams.md: what two models forget as a stream grows, and how surely they differ.

A sentence says "less", "more", "higher" or "lower" only where the 95 % interval of the paired differences leaves out 0,
"equal" only where the equivalence test says so, and "not decided" in every other case.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.growth import after_tasks, between_lengths, between_models
from chaoscl.evaluation.metrics import METRICS
from chaoscl.reports.degradation import shown_counts
from chaoscl.reports.tables import LEVEL, margin_text, markdown

FORGETTING, ACCURACY = "backward_transfer", "average_accuracy"
"""Metrics of comparisons.csv; forgetting (first - last) is minus backward transfer."""
_SIGN = {FORGETTING: -1.0, ACCURACY: 1.0}
_WORDS = {FORGETTING: ("more", "less"), ACCURACY: ("higher", "lower")}


def long_stream_blocks(name: str, first: Sequence[RunRecord], second: Sequence[RunRecord]) -> dict[str, str]:
    """Return the generated parts of the page by marker: ``NAME answer``, ``NAME models`` and ``NAME growth``.

    Args:
        name: of the stream.
        first: runs of the control, such as the MLP.
        second: runs of the model in question, on the same stream, scenario, data, seeds and orders.

    Raises:
        ValueError: the two cannot be compared; see :func:`chaoscl.evaluation.comparison.between_frame`.
    """
    return {
        f"{name} answer": answer(first, second),
        f"{name} models": markdown(models_table(first, second)),
        f"{name} growth": markdown(growth_table([*second, *first])),
    }


def models_table(first: Sequence[RunRecord], second: Sequence[RunRecord]) -> pd.DataFrame:
    """Return how ``second`` differs from ``first`` after every fifth number of tasks, as text, in points."""
    frame = between_models(first, second, shown_counts(len(first[0].matrix.tasks)))
    rows = []
    baselines = list(dict.fromkeys(frame["baseline"]))
    for (baseline, tasks), lines in sorted(
        frame.groupby(["baseline", "tasks"]), key=lambda group: (baselines.index(group[0][0]), group[0][1])
    ):
        row = {"baseline": str(baseline), "tasks": str(tasks)}
        for metric, title in ((ACCURACY, "accuracy"), (FORGETTING, "forgetting")):
            line = _line(lines, metric)
            row |= {title: _points(line, metric), f"{title}: finding": finding(line, metric)}
        rows.append(row | {"pairs": str(line["n"])})
    return pd.DataFrame(rows)


def growth_table(records: Sequence[RunRecord]) -> pd.DataFrame:
    """Return forgetting after five tasks and after all, and the paired change, as text, in points."""
    rows = []
    for model in dict.fromkeys(record.model for record in records):
        own = [record for record in records if record.model == model]
        early, late = _ends(own)
        frame = between_lengths(own, early, late)
        for baseline in dict.fromkeys(frame["baseline"]):
            line = _line(frame[frame["baseline"] == baseline], FORGETTING)
            runs = [record for record in own if record.baseline == baseline]
            rows.append(
                {
                    "model": model,
                    "baseline": str(baseline),
                    **{f"forgetting after {count}": _mean_forgetting(runs, count) for count in (early, late)},
                    "change": _points(line, FORGETTING),
                    "finding": finding(line, FORGETTING),
                    "pairs": str(line["n"]),
                }
            )
    return pd.DataFrame(rows)


def answer(first: Sequence[RunRecord], second: Sequence[RunRecord]) -> str:
    """Return a Markdown list with a line for each baseline that both models have: what the intervals carry."""
    tasks = len(first[0].matrix.tasks)
    frame = between_models(first, second, [tasks])
    one, other = second[0].model, first[0].model
    lines = []
    for baseline in dict.fromkeys(frame["baseline"]):
        found = frame[frame["baseline"] == baseline]
        forgets, ends = (_sentence(_line(found, metric), metric) for metric in (FORGETTING, ACCURACY))
        lines.append(
            f"- `{baseline}`, {one} against {other} after {tasks} tasks: forgetting is {forgets}; average accuracy is"
            f" {ends}."
        )
    return "\n".join(lines) + "\n"


def finding(line: Mapping[Any, Any], metric: str) -> str:
    """Return what a paired difference carries: more or less, equal within the margin, both, or ``not decided``.

    Args:
        line: of comparisons.csv.
        metric: FORGETTING or ACCURACY.
    """
    words = []
    difference, half = _SIGN[metric] * float(line["difference"]), float(line["ci95"])
    if not math.isnan(half) and abs(difference) > half:
        words.append(_WORDS[metric][0 if difference > 0 else 1])
    if float(line["p_tost_holm"]) < LEVEL:
        words.append(f"equal within {margin_text(float(line['margin']))}")
    return ", ".join(words) or "not decided"


def _sentence(line: Mapping[Any, Any], metric: str) -> str:
    """Return the finding with its difference and interval in points."""
    difference, half = _SIGN[metric] * float(line["difference"]), float(line["ci95"])
    if math.isnan(half):
        return f"not decided (one pair, difference {_signed(difference)} points)"
    low, high = _signed(difference - half), _signed(difference + half)
    interval = f"{_signed(difference)} points, 95 % interval {low} to {high}, {line['n']} pairs"
    return f"{finding(line, metric)} ({interval})"


def _points(line: Mapping[Any, Any], metric: str) -> str:
    """Return a paired difference as points with its 95 % interval."""
    half = float(line["ci95"])
    shown = _signed(_SIGN[metric] * float(line["difference"]))
    return shown if math.isnan(half) else f"{shown} ± {100 * half:.1f}"


def _signed(value: float) -> str:
    """Return a fraction as points with its sign; what rounds to zero has none."""
    shown = f"{100 * value:+.1f}"
    return "0.0" if shown in ("+0.0", "-0.0") else shown


def _line(frame: pd.DataFrame, metric: str) -> dict[Any, Any]:
    (line,) = frame[frame["metric"] == metric].to_dict("records")
    return line


def _ends(records: Sequence[RunRecord]) -> tuple[int, int]:
    """Return the numbers of tasks at which growth starts and ends: the first that tables show, and the last."""
    counts = shown_counts(len(records[0].matrix.tasks))
    return counts[0], counts[-1]


def _mean_forgetting(runs: Sequence[RunRecord], count: int) -> str:
    forgetting = METRICS["forgetting_first_last"]
    values = [forgetting.compute(record.matrix.mean) for record in after_tasks(runs, count)]
    return f"{100 * sum(values) / len(values):.1f}"
