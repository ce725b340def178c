"""What is given for what: stability against plasticity, accuracy against memory and against compute."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chaoscl.evaluation import schema
from chaoscl.reports.figures.style import GREY, NotDrawnError, legend_below, styles
from chaoscl.reports.results import Results
from chaoscl.reports.tables import byte_size, short_count

_LEAST_SPAN = 5.0
"""Percentage points that an axis shows at least, so that a small difference does not fill the page."""


def plane_figure(results: Results) -> Figure:
    """Return the stability-plasticity plane: a point for each baseline, 95 % Student intervals over seeds both ways.

    Plasticity is the mean of R[j,j] over j > 1, stability that of R[T,j] over j < T.

    Raises:
        NotDrawnError: no baseline has both.
    """
    plasticity, stability = results.values("plasticity"), results.values("stability")
    both = (plasticity["mean"].notna() & stability["mean"].notna()).to_numpy()
    if not both.any():
        raise NotDrawnError("no baseline here has both stability and plasticity, which take two tasks and their rows")
    figure, axis = _plane()
    means = np.column_stack([100 * plasticity["mean"], 100 * stability["mean"]])
    bars = np.column_stack([100 * plasticity["ci95"], 100 * stability["ci95"]])
    _draw_points(axis, results, means, bars)
    axis.set_xlabel("plasticity: accuracy on new tasks when just learned, %")
    axis.set_ylabel("stability: final accuracy on earlier tasks, %")
    _widen(axis)
    left_out = [results.label(*results.competitors[place]) for place in np.flatnonzero(~both)]
    note = f"; not defined for {', '.join(left_out)}" if left_out else ""
    _finish(figure, axis, f"{results.title}\nstability and plasticity, up and right is better{note}")
    return figure


def memory_figure(results: Results) -> Figure:
    """Return average accuracy against what the strategy keeps, its samples counted as raw data, with the Pareto front.

    Raises:
        NotDrawnError: there is no costs.csv.
    """
    figure, axis, memory = _against(results, ["stored_bytes", "stored_raw_bytes"], "memory")
    least = min((value for value in memory if value > 0), default=1.0)
    most = max(memory.max(), least)
    axis.set_xscale("symlog", linthresh=least, linscale=0.3)
    axis.set_xlim(-0.3 * least, 1.6 * most)
    powers = [2.0**power for power in range(60) if least <= 2.0**power <= 1.6 * most] or [least]
    axis.set_xticks([0, *powers[:: -(-len(powers) // 6)]])
    axis.xaxis.set_major_formatter(lambda value, _: byte_size(abs(value)))
    axis.minorticks_off()
    axis.set_xlabel("kept by the strategy (state, copies of models, samples as raw data)")
    return figure


def compute_figure(results: Results) -> Figure:
    """Return average accuracy against multiply-accumulates of training, with the Pareto front.

    Raises:
        NotDrawnError: there is no costs.csv.
    """
    figure, axis, macs = _against(results, ["macs"], "compute")
    if macs.min() > 0 and macs.max() / macs.min() > 20:
        axis.set_xscale("log")
    axis.xaxis.set_major_formatter(lambda value, _: short_count(abs(value)))
    axis.set_xlabel("multiply-accumulates in training")
    return figure


def pareto(costs: np.ndarray, gains: np.ndarray) -> list[int]:
    """Return the positions that no other beats: none cheaper is as good and none as cheap is better; by cost."""
    front: list[int] = []
    for place in np.lexsort((-gains, costs)):
        if not front or gains[place] > gains[front[-1]]:
            front.append(int(place))
    return front


def _against(results: Results, columns: list[str], what: str) -> tuple[Figure, Axes, np.ndarray]:
    """Return the figure of average accuracy against the sum of some columns of costs.csv, and those sums."""
    costs = results[schema.COSTS]
    if not len(costs):
        raise NotDrawnError(f"accuracy against {what} takes a {schema.COSTS.name}, which this folder does not have")
    spent = costs.groupby(["model", "baseline"])[columns].mean().sum(axis=1).reindex(results.competitors).to_numpy()
    if np.isnan(spent).any():
        raise NotDrawnError(f"{schema.COSTS.name} has no line for some baseline")
    accuracy = results.values("average_accuracy")
    gained = 100 * accuracy["mean"].to_numpy()
    figure, axis = _plane()
    learners = np.flatnonzero([competitor not in results.at_once for competitor in results.competitors])
    front = learners[pareto(spent[learners], gained[learners])]
    axis.step(spent[front], gained[front], where="post", color=GREY, linestyle="--", linewidth=1, label="Pareto front")
    bars = np.column_stack([np.full(len(spent), np.nan), 100 * accuracy["ci95"]])
    _draw_points(axis, results, np.column_stack([spent, gained]), bars)
    axis.set_ylabel("average accuracy at the end of the stream, %")
    _widen(axis, "y")
    spread = "bars: 95 % interval over seeds" if accuracy["ci95"].notna().any() else "one seed: no interval"
    _finish(figure, axis, f"{results.title}\naccuracy against {what}, up and left is better; {spread}")
    return figure, axis, spent


def _plane() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8.6, 5.8), layout="constrained")
    return figure, figure.subplots()


def _draw_points(axis: Axes, results: Results, means: np.ndarray, bars: np.ndarray) -> None:
    """Draw a point for each competitor, hollow for one that learned all tasks at once.

    Args:
        axis: where to.
        results: whose competitors they are.
        means: (competitors, 2), x and y; NaN is not drawn.
        bars: (competitors, 2), half-widths of the intervals; NaN is not drawn.
    """
    for place, (colour, marker) in zip(range(len(means)), styles(), strict=False):
        if not np.isfinite(means[place]).all():
            continue
        competitor = results.competitors[place]
        at_once = competitor in results.at_once
        horizontal, vertical = (half if np.isfinite(half) else None for half in bars[place])
        axis.errorbar(
            means[place, 0],
            means[place, 1],
            xerr=horizontal,
            yerr=vertical,
            color=colour,
            marker=marker,
            markersize=7,
            linestyle="none",
            markerfacecolor="white" if at_once else colour,
            markeredgecolor=colour if at_once else "black",
            markeredgewidth=1.5 if at_once else 0.5,
            capsize=2,
            elinewidth=0.8,
            label=results.label(*competitor) + (", all tasks at once" if at_once else ""),
        )


def _widen(axis: Axes, which: str = "xy") -> None:
    """Let the axes show _LEAST_SPAN points at least."""
    for name in which:
        low, high = axis.get_xlim() if name == "x" else axis.get_ylim()
        more = max(0.0, _LEAST_SPAN - (high - low)) / 2
        # An interval may reach beyond 100 %, an axis need not.
        top = min(high + more, 101.0)
        (axis.set_xlim if name == "x" else axis.set_ylim)(min(low - more, top - _LEAST_SPAN), top)


def _finish(figure: Figure, axis: Axes, title: str) -> None:
    axis.grid(alpha=0.25)
    figure.suptitle(title, fontsize=10)
    legend_below(figure, axis, 5)
