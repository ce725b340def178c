"""Forgetting of each baseline with its interval, and the share of it that crosses from text to image and back."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chaoscl.evaluation import schema
from chaoscl.evaluation.modality import forgetting_blocks
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


def modality_figure(results: Results, modalities: Mapping[str, str]) -> Figure:
    """Return bars of what a step on one modality costs earlier tasks of each: text to image, image to text, ....

    The mean of R[i-1,j] - R[i,j] over the block's pairs, see :mod:`chaoscl.evaluation.modality`. With the raw runs of
    all seeds there are 95 % Student intervals; from the aggregates the mean alone, which is the same.

    Args:
        results: the folder.
        modalities: modality of each data set, by its name.

    Raises:
        NotDrawnError: the tasks' modalities are not known, or there is no baseline with a row after each task.
    """
    kinds = task_modalities(results, modalities)
    samples = {competitor: _matrices(results, competitor) for competitor in results.competitors}
    blocks = {
        competitor: [forgetting_blocks(matrix, kinds) for matrix in matrices]
        for competitor, matrices in samples.items()
        if np.isfinite(matrices[0]).all()
    }
    if not blocks:
        raise NotDrawnError("no baseline here was evaluated after each task")
    names = [results.label(*competitor) for competitor in blocks]
    shown = [place for place, block in enumerate(next(iter(blocks.values()))[0]) if block.pairs]
    figure, axis = _bars(len(names), len(shown))
    width = 0.8 / len(shown)
    for number, (place, (colour, _)) in enumerate(zip(shown, styles(), strict=False)):
        intervals = [mean_interval([run[place].mean for run in runs]) for runs in blocks.values()]
        height = np.arange(len(names)) + width * (number - (len(shown) - 1) / 2)
        block = next(iter(blocks.values()))[0][place]
        pairs = "pair" if block.pairs == 1 else "pairs"
        title = f"training on {block.source}, tested on {block.target} ({block.pairs} {pairs})"
        means = np.array([interval.mean for interval in intervals])
        axis.barh(height, 100 * means, 0.9 * width, color=colour, label=title)
        _draw_intervals(axis, means, np.array([interval.half_width for interval in intervals]), height)
    several = max(len(runs) for runs in blocks.values()) > 1
    note = "95 % interval over seeds" if several else "means; intervals need the raw runs of several seeds"
    _finish(figure, axis, names, f"{results.title}\nforgetting a step, by modality; {note}")
    axis.set_xlabel("lost in one step, percentage points (negative: gained)")
    return figure


def task_modalities(results: Results, modalities: Mapping[str, str]) -> list[str]:
    """Return the modality of each task, found by the data set whose name it has or starts with.

    Raises:
        NotDrawnError: some task's modality cannot be told.
    """
    datasets = sorted(results[schema.DATA]["dataset"], key=len, reverse=True)
    known = {modalities.get(name, "") for name in datasets}
    found = []
    for task in results.tasks:
        owner = next((name for name in datasets if task == name or task.startswith(f"{name}-")), "")
        # Tasks made by changing one data set (permuted, rotated) do not carry its name.
        kind = modalities.get(owner, "") or (next(iter(known)) if len(known) == 1 else "")
        if not kind:
            raise NotDrawnError(f"the modality of {task} is not known")
        found.append(kind)
    return found


def _matrices(results: Results, competitor: tuple[str, str]) -> list[np.ndarray]:
    """Return the matrix of each run where all raw runs are there and in stream order, else the mean one."""
    retention = results[schema.RETENTION]
    model, baseline = competitor
    lines = retention[(retention["model"] == model) & (retention["baseline"] == baseline)]
    mean = lines.pivot(index="row", columns="task", values="mean")[results.tasks].to_numpy()
    runs = [
        run.matrix.mean
        for run in results.stored
        if (run.spec["model"], run.spec["spec"]["baseline"]) == competitor and list(run.matrix.tasks) == results.tasks
    ]
    return runs if len(runs) == int(lines["n"].max()) else [mean]


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
