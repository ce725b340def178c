"""Every kind of figure by its name, and the files of all of them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from chaoscl.evaluation import schema
from chaoscl.evaluation.metrics import METRICS
from chaoscl.evaluation.ranks import pair_frame, rank_frame, score_table
from chaoscl.reports.degradation import degradation
from chaoscl.reports.figure_kind import FIGURES, FigureKind
from chaoscl.reports.figures.degradation import degradation_figure
from chaoscl.reports.figures.forgetting import forgetting_figure, modality_figure
from chaoscl.reports.figures.over_time import accuracy_figure, learning_figure
from chaoscl.reports.figures.ranks import critical_difference_figure
from chaoscl.reports.figures.retention import retention_figure
from chaoscl.reports.figures.style import NotDrawnError, render, write_whole
from chaoscl.reports.figures.tradeoffs import compute_figure, memory_figure, plane_figure
from chaoscl.reports.results import EMBEDDED, Results

ENDINGS = ("svg", "png")


def _retention(results: Results) -> Figure:
    return retention_figure(results[schema.RETENTION], results.title)


def _degradation(results: Results) -> Figure:
    retention = results[schema.RETENTION]
    if not len(degradation(retention)):
        raise NotDrawnError("no baseline here was evaluated after each task")
    return degradation_figure(retention, results.title)


OWN = (
    FigureKind("Retention matrices", _retention, "retention"),
    FigureKind("Accuracy over time", accuracy_figure, "accuracy-over-time"),
    FigureKind("Accuracy on the tasks so far", _degradation, "degradation"),
    FigureKind("Forgetting", forgetting_figure, "forgetting"),
    FigureKind("Forgetting within and across modalities", modality_figure, "modality"),
    FigureKind("Stability and plasticity", plane_figure, "stability-plasticity"),
    FigureKind("Accuracy against memory", memory_figure, "accuracy-memory"),
    FigureKind("Accuracy against compute", compute_figure, "accuracy-compute"),
    FigureKind("Learning curves", learning_figure, "learning-curves"),
)
"""Kinds of figure that one results folder has."""

RANKS = "critical-difference"
"""The kind that takes several folders."""


def ranks_figure(several: Sequence[Results], metric: str = "average_accuracy") -> Figure:
    """Return the critical-difference diagram over the streams of several folders, for the baselines that all have.

    Raises:
        NotDrawnError: there are no two streams, no two baselines in all of them, or real and embedded data.
    """
    if len(several) < 2:
        raise NotDrawnError("a ranking takes several folders, each of another stream or scenario")
    summaries = {f"{one.key['stream']} ({one.key['scenario']})": one[schema.SUMMARY] for one in several}
    if len(summaries) < len(several):
        raise NotDrawnError("two of the folders hold the same stream and scenario, which would count twice")
    if len({one.embedded for one in several}) > 1:
        raise NotDrawnError("results on embedded data and on real data are not ranked together")
    scores: pd.DataFrame = score_table(summaries, metric).dropna()
    if len(scores) < 2:
        raise NotDrawnError("the folders have fewer than two baselines in common, of the same model")
    data = EMBEDDED if several[0].embedded else ", ".join(sorted({one.key["data"] for one in several}))
    shown = "EMBEDDED data, no real results" if several[0].embedded else f"{data} data"
    frames = rank_frame(scores, metric, data), pair_frame(scores, metric, data)
    return critical_difference_figure(*frames, f"{METRICS[metric].title}, {shown}")


def folder_names(several: Sequence[Results]) -> list[str]:
    """Return a short name for each folder, its last parts as far as they tell the folders apart."""
    parts = [one.folder.resolve().parts[1:] for one in several]
    deepest = max((len(part) for part in parts), default=1)
    for depth in range(1, deepest + 1):
        names = ["-".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{number}-{part[-1]}" for number, part in enumerate(parts, start=1)]


def write_figures(several: Sequence[Results], out: Path) -> tuple[list[Path], list[str]]:
    """Write every kind of figure of every folder as SVG and PNG: ``out/<folder>/<kind>.svg``.

    Args:
        several: the folders.
        out: where to write.

    Returns:
        The files written, and a line for each figure that cannot be drawn: which, and why.
    """
    written, left_out = [], []
    jobs: list[tuple[str, Callable[[], Figure]]] = [
        (f"{folder}/{name}", lambda kind=kind, one=one: kind.draw(one))  # type: ignore[misc]
        for folder, one in zip(folder_names(several), several, strict=True)
        for name, kind in FIGURES.items()
    ]
    jobs.append((RANKS, lambda: ranks_figure(several)))
    for name, draw in jobs:
        try:
            figure = draw()
        except NotDrawnError as reason:
            left_out.append(f"{name}: {reason}")
            continue
        for ending in ENDINGS:
            written.append(out / f"{name}.{ending}")
            write_whole(render(figure, ending), written[-1])
    return written, left_out
