"""How accuracy grows with the epochs of training: the search behind the recipe ``standard``."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chaoscl.reports.figures.style import GREY, NotDrawnError, legend_below, panels, styles


def convergence_figure(trials: pd.DataFrame, chosen: pd.DataFrame) -> Figure:
    """Return a panel a data set: validation accuracy after each number of epochs at the chosen rate, a line a model.

    Points are seeds, lines their means; the dashed line marks the epochs that were chosen.

    Args:
        trials: trials.csv of ``benchmarks/converge.py``.
        chosen: its chosen.csv, at least one line.

    Raises:
        NotDrawnError: nothing has been chosen.
    """
    if not len(chosen):
        raise NotDrawnError("the search has chosen nothing yet")
    figure, axes = panels(len(chosen), 3, (3.1, 2.6))
    for axis, row in zip(axes, chosen.to_dict("records"), strict=False):
        own = trials[(trials["dataset"] == row["dataset"]) & (trials["max_lr"] == row["max_lr"])]
        _draw(axis, own)
        axis.axvline(row["epochs"], color=GREY, linestyle="--", linewidth=0.8)
        axis.set_title(f"{row['dataset']}, max_lr {row['max_lr']:g}", fontsize=9)
    figure.supxlabel("epochs of one complete cycle", fontsize=9)
    figure.supylabel("validation accuracy, %", fontsize=9)
    legend_below(figure, axes[0], 2)
    return figure


def _draw(axis: Axes, trials: pd.DataFrame) -> None:
    for (model, own), (colour, marker) in zip(trials.groupby("model"), styles(), strict=False):
        mean = own.groupby("epochs")["validation_accuracy"].mean()
        axis.plot(mean.index, 100 * mean, color=colour, label=str(model))
        axis.plot(own["epochs"], 100 * own["validation_accuracy"], marker, color=colour, markersize=3)
    axis.set_xscale("log", base=2)
    epochs = sorted(trials["epochs"].unique())
    axis.set_xticks(epochs, [str(one) for one in epochs])
