"""Figures for print and screen, read from the aggregates."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = "viridis"
"""Perceptually even and safe for colour-blind readers; dark is forgotten or never learned."""


def retention_figure(retention: pd.DataFrame, title: str) -> Figure:
    """Return a heat map of the mean retention matrix for each baseline, side by side.

    Rows are time: untrained, then after each task. Columns are the tasks tested. Rows that a baseline never evaluates
    (joint training has no steps between) stay empty.

    Args:
        retention: retention.csv.
        title: above all panels.
    """
    groups = list(retention.groupby(["model", "baseline"], sort=False))
    tasks = list(dict.fromkeys(retention["task"]))
    rows = list(dict.fromkeys(retention["after"]))
    width = 1.1 + len(groups) * (0.75 * len(tasks) + 0.55)
    figure = Figure(figsize=(width, 1.6 + 0.5 * len(rows)), layout="constrained")
    axes = figure.subplots(1, len(groups), squeeze=False, sharey=True)[0]
    for axis, ((model, baseline), group) in zip(axes, groups, strict=True):
        cells = group.pivot(index="row", columns="task", values="mean")[tasks].to_numpy()
        image = axis.imshow(100 * cells, cmap=COLOURS, vmin=0, vmax=100, aspect="auto")
        axis.set_title(f"{baseline}\n{model}", fontsize=9)
        axis.set_xticks(range(len(tasks)), tasks, rotation=40, ha="right", fontsize=8)
        _write_cells(axis, cells)
    axes[0].set_yticks(range(len(rows)), [row if row == rows[0] else f"after {row}" for row in rows], fontsize=8)
    figure.colorbar(image, ax=axes, label="test accuracy, %", fraction=0.05)
    figure.suptitle(title, fontsize=10)
    return figure


def _write_cells(axis: Axes, cells: np.ndarray) -> None:
    for (row, column), value in np.ndenumerate(cells):
        if np.isfinite(value):
            shade = "black" if value > 0.6 else "white"
            axis.text(column, row, f"{100 * value:.1f}", ha="center", va="center", fontsize=8, color=shade)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG or PNG, by the path's ending, with the same bytes every time for the same matplotlib."""
    import matplotlib

    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
    temporary = path.with_name(f".{path.name}.tmp{path.suffix}")
    with matplotlib.rc_context({"svg.hashsalt": "chaoscl", "svg.fonttype": "none"}):
        figure.savefig(temporary, dpi=160, metadata=metadata, facecolor="white")
    os.replace(temporary, path)
