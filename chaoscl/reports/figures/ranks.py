"""The critical-difference diagram: mean ranks of baselines over several streams."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chaoscl.evaluation.ranks import joined_groups
from chaoscl.reports.figures.style import BLUE, GREY


def critical_difference_figure(ranks: pd.DataFrame, title: str) -> Figure:
    """Return the critical-difference diagram of Demsar 2006 (Statistical Comparisons of Classifiers, figure 1).

    An axis of mean ranks with the best, 1, on the left; above it the length of the critical difference; below it a
    thick line joins each group of baselines of which no two differ significantly. Half of the names stand on either
    side, the outermost rank on top, one a row, so that any number of them stays apart.

    Args:
        ranks: ranks.csv, one metric.
        title: above the diagram.
    """
    lines = ranks.sort_values("mean_rank", kind="stable")
    values, difference = lines["mean_rank"].to_numpy(), float(lines["critical_difference"].iloc[0])
    groups = joined_groups(values, difference)
    overhang = 0.006 * (len(lines) - 1)
    spans = [(values[group[0]] - overhang, values[group[-1]] + overhang) for group in groups]
    levels = _levels(spans, 2 * overhang)
    top = -0.5 - 0.3 * (max(levels, default=0) + 1)
    half = (len(lines) + 1) // 2
    bottom = top - 0.5 * half
    figure = Figure(figsize=(9.0, 1.0 + 0.45 * (1.2 - bottom)), layout="constrained")
    axis = figure.subplots()
    axis.axis("off")
    _draw_ruler(axis, len(lines), difference)
    for span, level in zip(spans, levels, strict=True):
        height = -0.3 - 0.3 * level
        axis.plot(span, [height, height], color=BLUE, linewidth=4, solid_capstyle="butt", gid="group")
    one_model = lines["model"].nunique() == 1
    margin = 0.04 * (len(lines) - 1)
    for place, line in enumerate(lines.to_dict("records")):
        name = line["baseline"] if one_model else f"{line['baseline']} ({line['model']})"
        left = place < half
        height = top - 0.5 * (place if left else len(lines) - 1 - place)
        edge = 1 - margin if left else len(lines) + margin
        rank = float(line["mean_rank"])
        axis.plot([rank, rank, edge], [0, height, height], color=GREY, linewidth=0.8, gid="leader")
        label = f"{name}  {rank:.2f}" if left else f"{rank:.2f}  {name}"
        axis.text(edge, height, f" {label} ", ha="right" if left else "left", va="center", fontsize=9)
    axis.set_ylim(bottom, 1.2)
    axis.set_title(f"{title}\n{_verdict(lines)}", fontsize=10)
    return figure


def _levels(spans: list[tuple[float, float]], gap: float) -> list[int]:
    """Return a level, from 0, for each of the spans sorted by start, so that two on one level are ``gap`` apart."""
    ends: list[float] = []
    levels = []
    for start, end in spans:
        free = [level for level, last in enumerate(ends) if last + gap < start]
        level = free[0] if free else len(ends)
        ends[level : level + 1] = [end]
        levels.append(level)
    return levels


def _draw_ruler(axis: Axes, competitors: int, difference: float) -> None:
    """Draw the axis of ranks 1 to ``competitors`` at height 0, and the critical difference above it."""
    axis.plot([1, competitors], [0, 0], color="black", linewidth=1.2, gid="axis")
    step = max(1, round(competitors / 12))
    for rank in (*range(1, competitors + 1 - step, step), competitors):
        axis.plot([rank, rank], [0, 0.12], color="black", linewidth=1.2, gid="tick")
        axis.text(rank, 0.18, str(rank), ha="center", va="bottom", fontsize=8)
    axis.plot([1, 1 + difference], [0.8, 0.8], color="black", linewidth=2, marker="|", gid="difference")
    axis.text(1 + difference / 2, 0.88, f"critical difference {difference:.2f}", ha="center", va="bottom", fontsize=8)


def _verdict(ranks: pd.DataFrame) -> str:
    """Return what Friedman's test says, in a few words."""
    streams, p_value = int(ranks["streams"].iloc[0]), float(ranks["friedman_p"].iloc[0])
    found = "" if np.isnan(p_value) else f", Friedman p = {p_value:.2g}"
    return f"mean rank over {streams} streams{found}; joined: not significantly different at 5 %"
