"""Forgetting of each baseline with its interval, and the share of it that crosses from text to image and back."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chaoscl.evaluation.modality import ForgettingBlock, forgetting_blocks
from chaoscl.evaluation.statistics import mean_interval
from chaoscl.reports.figures.style import BLUE, GREY, ORANGE, NotDrawnError, legend_below, styles
from chaoscl.reports.results import Results

_KINDS = (("forgetting_max_last", "max - last", BLUE), ("forgetting_first_last", "first - last", ORANGE))


def forgetting_figure(results: Results) -> Figure:
    """Return bars of mean forgetting, both definitions, with 95 % Student intervals over seeds.

    Negative is improved after it was learned. A baseline without steps between (joint training) has no bar.

    Raises:
        NotDrawnError: forgetting is not defined for any baseline.
    """
    names = [results.label(*competitor) for competitor in results.competitors]
    values = {kind: results.values(kind) for kind, _, _ in _KINDS}
    if all(frame["mean"].isna().all() for frame in values.values()):
        raise NotDrawnError("forgetting needs two tasks and a row after each, which no baseline here has")
    figure, axis = _bars(len(names), len(_KINDS))
    for number, (kind, title, colour) in enumerate(_KINDS):
        frame = values[kind]
        height = np.arange(len(names)) + 0.4 * number - 0.2
        axis.barh(height, 100 * frame["mean"], 0.36, color=colour, label=title)
        _draw_intervals(axis, frame["mean"].to_numpy(), frame["ci95"].to_numpy(), height)
    undefined = values[_KINDS[0][0]]["mean"].isna().to_numpy()
    for place in np.flatnonzero(undefined):
        axis.text(0, float(place), " not defined (no rows between)", va="center", fontsize=7, color="#595959")
    interval = "95 % interval over seeds" if frame["ci95"].notna().any() else "one seed: no interval"
    _finish(figure, axis, names, f"{results.title}\nforgetting, mean over tasks; {interval}")
    axis.set_xlabel("forgetting, percentage points (negative: better than before)")
    return figure


def modality_figure(results: Results) -> Figure:
    """Return bars of what a step on one modality costs earlier tasks of each: text to image, image to text, ....

    The mean of R[i-1,j] - R[i,j] over the block's pairs, see :mod:`chaoscl.evaluation.modality`, with 95 % Student
    intervals over the runs that have such a pair.

    Raises:
        NotDrawnError: there is no baseline with a row after each task, or one task only.
    """
    blocks = {competitor: _blocks(results, competitor) for competitor in results.competitors}
    blocks = {competitor: found for competitor, found in blocks.items() if found}
    if not blocks:
        raise NotDrawnError("no baseline here was evaluated after each of several tasks")
    names = [results.label(*competitor) for competitor in blocks]
    shown = list(dict.fromkeys(place for found in blocks.values() for place in found))
    figure, axis = _bars(len(names), len(shown))
    width = 0.8 / len(shown)
    for number, (place, (colour, _)) in enumerate(zip(shown, styles(), strict=False)):
        runs = [found.get(place, []) for found in blocks.values()]
        intervals = [mean_interval([block.mean for block in found]) if found else None for found in runs]
        height = np.arange(len(names)) + width * (number - (len(shown) - 1) / 2)
        means = np.array([interval.mean if interval else math.nan for interval in intervals])
        halves = np.array([interval.half_width if interval else math.nan for interval in intervals])
        axis.barh(height, 100 * means, 0.9 * width, color=colour, label=_block_title(place, runs))
        _draw_intervals(axis, means, halves, height)
    several = max(len(runs) for found in blocks.values() for runs in found.values()) > 1
    note = "95 % interval over seeds" if several else "one seed: no interval"
    _finish(figure, axis, names, f"{results.title}\nforgetting a step, by modality; {note}")
    axis.set_xlabel("lost in one step, percentage points (negative: gained)")
    return figure


def _blocks(results: Results, competitor: tuple[str, str]) -> dict[tuple[str, str], list[ForgettingBlock]]:
    """Return the blocks with pairs of each run of a baseline, by (trained, tested); none if it has no rows between."""
    found: dict[tuple[str, str], list[ForgettingBlock]] = {}
    for record in results.records:
        if (record.model, record.baseline) == competitor and np.isfinite(record.matrix.mean).all():
            for block in forgetting_blocks(record.matrix.mean, record.modalities or ()):
                if block.pairs:
                    found.setdefault((block.source, block.target), []).append(block)
    return found


def _block_title(place: tuple[str, str], runs: Sequence[Sequence[ForgettingBlock]]) -> str:
    counts = sorted({block.pairs for found in runs for block in found})
    pairs = "1 pair" if counts == [1] else f"{' to '.join(map(str, sorted({counts[0], counts[-1]})))} pairs"
    return f"training on {place[0]}, tested on {place[1]} ({pairs})"


def _draw_intervals(axis: Axes, means: np.ndarray, half_widths: np.ndarray, height: np.ndarray) -> None:
    known = np.isfinite(means) & np.isfinite(half_widths)
    if known.any():
        axis.errorbar(
            100 * means[known], height[known], xerr=100 * half_widths[known], fmt="none", color="black", capsize=2, lw=1
        )


def _bars(rows: int, bars: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.5, 1.7 + rows * (0.12 + 0.13 * bars)), layout="constrained")
    return figure, figure.subplots()


def _finish(figure: Figure, axis: Axes, names: list[str], title: str) -> None:
    axis.axvline(0, color=GREY, linewidth=0.8)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.grid(alpha=0.25, axis="x")
    figure.suptitle(title, fontsize=10)
    legend_below(figure, axis, 2)
