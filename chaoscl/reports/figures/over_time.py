"""Accuracy on each task as the stream goes on, and the learning curves inside each experience."""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from chaoscl.evaluation import schema
from chaoscl.reports.figures.style import (
    BLUE,
    COLOURS,
    EVEN,
    GREY,
    VERMILION,
    NotDrawnError,
    label_below,
    legend_below,
    panels,
    styles,
)
from chaoscl.reports.results import Results

FEW = len(COLOURS)
"""Lines that one panel shows apart."""


def accuracy_figure(results: Results) -> Figure:
    """Return accuracy over time: a panel for each task with a line for each baseline, mean ± sd over seeds.

    Where there are more baselines than a panel can show, a panel for each baseline with a line for each task. A
    dashed line marks the moment at which the panel's task was learned; a point without a line is a baseline that has
    no steps between (joint training).
    """
    retention = results[schema.RETENTION]
    by_task = len(results.competitors) <= FEW
    count = len(results.tasks if by_task else results.competitors)
    figure, axes = panels(count, 5 if count > 8 else 4, (2.5, 2.0), extra=1.3)
    names = [results.label(*competitor) for competitor in results.competitors] if by_task else results.tasks
    for number, axis in enumerate(axes):
        if by_task:
            chosen = retention[retention["task"] == results.tasks[number]]
            groups = [chosen[_of(chosen, competitor)] for competitor in results.competitors]
            axis.axvline(number + 1, color=GREY, linestyle="--", linewidth=0.8)
            axis.set_title(results.tasks[number], fontsize=8)
        else:
            chosen = retention[_of(retention, results.competitors[number])]
            groups = [chosen[chosen["task"] == task] for task in results.tasks]
            axis.set_title(results.label(*results.competitors[number]), fontsize=8)
        _draw_lines(axis, groups, names)
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.25)
    axes[0].set_ylim(0, 102)
    axes[0].set_xlim(-0.3, len(results.tasks) + 0.3)
    axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    label_below(axes, "tasks learned (0: untrained)")
    figure.supylabel("test accuracy, %", fontsize=9)
    spread = "band: ± standard deviation over seeds" if retention["sd"].notna().any() else "one seed: no spread"
    what = "a panel a task; dashed: just learned" if by_task else "a panel a baseline, a line a task"
    figure.suptitle(f"{results.title}\n{what}; {spread}", fontsize=10)
    legend_below(figure, axes[0], max(1, int(figure.get_figwidth() / 1.9)))
    return figure


def _of(frame: pd.DataFrame, competitor: tuple[str, str]) -> "pd.Series[bool]":
    return (frame["model"] == competitor[0]) & (frame["baseline"] == competitor[1])


def _draw_lines(axis: Axes, groups: list[pd.DataFrame], names: list[str]) -> None:
    shades = matplotlib.colormaps[EVEN](np.linspace(0, 0.9, len(groups)))
    for shade, group, name, (colour, marker) in zip(shades, groups, names, styles(), strict=False):
        colour = colour if len(groups) <= FEW else shade
        mean, spread = 100 * group["mean"].to_numpy(), 100 * group["sd"].to_numpy()
        rows = group["row"].to_numpy()
        axis.plot(rows, mean, color=colour, marker=marker, markersize=3.5, linewidth=1.1, label=name)
        if np.isfinite(spread).any():
            axis.fill_between(rows, mean - spread, mean + spread, color=colour, alpha=0.18, linewidth=0)


def learning_figure(results: Results) -> Figure:
    """Return the learning curves: a panel for each baseline, accuracy in training and validation over epochs.

    Thin lines are runs, thick ones their mean; epochs of all experiences are counted on, with a grey line where the
    next experience starts.

    Raises:
        NotDrawnError: no run has a curve.
    """
    groups: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for record in results.records:
        own = results.curves(record)
        if len(own):
            groups.setdefault((record.model, record.baseline), []).append(own)
    if not groups:
        raise NotDrawnError(f"{schema.FOLDER_CURVES.name} holds no learning curve")
    figure, axes = panels(len(groups), 3, (4.0, 2.1), extra=1.1)
    for axis, (competitor, curves) in zip(axes, groups.items(), strict=True):
        _draw_curves(axis, curves)
        axis.set_title(results.label(*competitor), fontsize=9)
        axis.grid(alpha=0.25)
        axis.tick_params(labelsize=7)
    axes[0].set_ylim(0, 102)
    label_below(axes, "epochs, counted through the stream")
    figure.supylabel("accuracy on the task in training, %", fontsize=9)
    shown = sum(map(len, groups.values()))
    figure.suptitle(f"{results.title}\nlearning curves of {shown} of {len(results.records)} runs", fontsize=10)
    legend_below(figure, axes[0], 2)
    return figure


def _draw_curves(axis: Axes, curves: list[pd.DataFrame]) -> None:
    longest = max(curves, key=len)
    starts = np.flatnonzero(longest["experience"].diff().to_numpy() > 0)
    for start in starts:
        axis.axvline(start + 0.5, color=GREY, linewidth=0.5)
    shown = (("train_accuracy", "training", BLUE, "-"), ("validation_accuracy", "validation", VERMILION, "--"))
    for column, name, colour, line in shown:
        for curve in curves if len(curves) > 1 else []:
            axis.plot(np.arange(1, len(curve) + 1), 100 * curve[column], color=colour, linewidth=0.5, alpha=0.5)
        mean = pd.concat([curve[column] for curve in curves], axis=1).mean(axis=1).to_numpy()
        axis.plot(np.arange(1, len(mean) + 1), 100 * mean, line, color=colour, linewidth=1.4, label=name)
