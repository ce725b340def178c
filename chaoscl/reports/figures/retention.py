"""Heat maps of mean retention matrices, with their spread over seeds."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chaoscl.evaluation import schema
from chaoscl.reports.figures.style import EVEN, panels

MOST_TASKS, MOST_COLUMNS = 6, 60
"""Tasks, and columns of all panels, up to which every cell has room for its numbers."""
_WIDTH = 13.0


def retention_figure(retention: pd.DataFrame, title: str) -> Figure:
    """Return a heat map of the mean retention matrix for each baseline.

    Rows are time: untrained, then after each task. Columns are the tasks tested. Rows that a baseline never evaluates
    (joint training has no steps between) stay empty. Up to MOST_TASKS tasks, each cell says its mean and below it
    the standard deviation over seeds, if there are several; more have no room for numbers, which are in the CSV.

    Args:
        retention: retention.csv of one stream.
        title: above all panels.
    """
    groups = list(retention.groupby(["model", "baseline"], sort=False))
    tasks = list(dict.fromkeys(retention["task"]))
    rows = list(dict.fromkeys(retention["after"]))
    written = len(tasks) <= MOST_TASKS and len(groups) * len(tasks) <= MOST_COLUMNS
    cell = 0.55 if written else 0.17
    size = (1.4 * cell * len(tasks) + 0.9, cell * len(rows) + 0.9) if written else (cell * len(tasks) + 0.9,) * 2
    figure, axes = panels(len(groups), max(1, int(_WIDTH // size[0])), size, extra=1.4)
    for axis, ((model, baseline), group) in zip(axes, groups, strict=True):
        means, spread = (group.pivot(index="row", columns="task", values=name)[tasks] for name in ("mean", "sd"))
        image = axis.imshow(100 * means.to_numpy(), cmap=EVEN, vmin=0, vmax=100, aspect="auto")
        axis.set_title(f"{baseline}\n{model}", fontsize=9)
        axis.set_xticks(range(len(tasks)), tasks, rotation=40 if written else 90, ha="right" if written else "center")
        axis.tick_params(labelsize=8 if written else 6)
        if written:
            _write_cells(axis, means.to_numpy(), spread.to_numpy())
    axes[0].set_yticks(range(len(rows)), [row if row == rows[0] else f"after {row}" for row in rows])
    figure.colorbar(image, ax=axes, label="test accuracy, %", fraction=0.05)
    note = "; ± standard deviation over seeds" if retention["sd"].notna().any() else ""
    note = note if written else f"; numbers and spread: {schema.RETENTION.name}"
    figure.suptitle(f"{title}\nrows: time; columns: the task tested{note}", fontsize=10)
    return figure


def _write_cells(axis: Axes, means: np.ndarray, spread: np.ndarray) -> None:
    for (row, column), value in np.ndenumerate(means):
        if np.isfinite(value):
            deviation = spread[row, column]
            text = f"{100 * value:.1f}" + (f"\n±{100 * deviation:.1f}" if np.isfinite(deviation) else "")
            shade = "black" if value > 0.6 else "white"
            axis.text(column, row, text, ha="center", va="center", fontsize=8, linespacing=0.95, color=shade)
