"""Accuracy on the tasks so far, as a stream grows."""

import pandas as pd
from matplotlib.figure import Figure

from chaoscl.reports.degradation import degradation
from chaoscl.reports.figures.style import legend_below, styles


def degradation_figure(retention: pd.DataFrame, title: str) -> Figure:
    """Return curves over the number of tasks learned: accuracy on the tasks so far, thin lines: when just learned.

    Args:
        retention: retention.csv of one stream.
        title: above the panel.
    """
    values = degradation(retention)
    figure = Figure(figsize=(8.0, 4.6), layout="constrained")
    axis = figure.subplots()
    groups = values.groupby(["model", "baseline"], sort=False)
    for ((model, baseline), group), (colour, marker) in zip(groups, styles(), strict=False):
        axis.plot(
            group["tasks"], 100 * group["now"], color=colour, marker=marker, markersize=4, label=f"{baseline}, {model}"
        )
        axis.plot(group["tasks"], 100 * group["learned"], color=colour, linewidth=0.8, linestyle=":")
    axis.set_xlabel("tasks learned")
    axis.set_ylabel("mean test accuracy on them, %")
    axis.set_xticks(range(1, int(values["tasks"].max()) + 1))
    axis.grid(alpha=0.3)
    legend_below(figure, axis, 4)
    figure.suptitle(f"{title}\ndotted: the same tasks when each was just learned", fontsize=10)
    return figure
