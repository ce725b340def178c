"""The critical-difference diagram: mean ranks of baselines over several streams, and who is not told apart."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chaoscl.evaluation.ranks import smallest_p
from chaoscl.reports.figures.style import BLUE, GREY

ALPHA = 0.05
_ROW = 0.27
"""Height of a name, inches."""


def critical_difference_figure(ranks: pd.DataFrame, pairs: pd.DataFrame, title: str) -> Figure:
    """Return the critical-difference diagram of Demsar 2006 (figure 1) for pairwise tests, drawn by scikit-posthocs.

    An axis of mean ranks with the best on the left. A bar joins baselines of which no two differ at 5 %, by Wilcoxon's
    signed-rank test over the streams after Holm. It has no fixed length, since a pair's verdict is its own, and it may
    pass over a baseline that does differ: its dots are those that it joins.

    Args:
        ranks: ranks.csv, one metric.
        pairs: rank_pairs.csv of the same ranking.
        title: above the diagram.
    """
    from scikit_posthocs import critical_difference_diagram  # takes seconds, and most commands draw no ranks

    values = mean_ranks_by_name(ranks)
    rows = (len(values) + 1) // 2
    figure = Figure(figsize=(9.0, 1.2 + _ROW * (rows + 2)), layout="constrained")
    axis = figure.subplots()
    axis.tick_params(labelsize=8)
    margin = 0.04 * float(np.ptp(values)) + 0.02
    drawn = critical_difference_diagram(
        values,
        p_values_by_name(pairs, list(values.index)),
        alpha=ALPHA,
        ax=axis,
        label_fmt_left="{label}  {rank:.2f} ",
        label_fmt_right=" {rank:.2f}  {label}",
        label_props={"fontsize": 9},
        elbow_props={"color": GREY, "linewidth": 0.8},
        marker_props={"color": "black", "s": 12},
        crossbar_props={"color": BLUE, "linewidth": 3, "marker": "o", "markersize": 6},
        text_h_margin=margin,
    )
    for label in drawn["labels"]:
        label.set_color("black")  # they come in the grey of their lines
    levels = {float(line.get_ydata()[0]) for bar in drawn["crossbars"] for line in bar}
    figure.set_size_inches(9.0, 1.2 + _ROW * (rows + 2 + len(levels)))
    axis.set_title(f"{title}\n{_verdict(ranks, pairs)}", fontsize=10)
    return figure


def mean_ranks_by_name(ranks: pd.DataFrame) -> "pd.Series[float]":
    """Return the mean ranks, the best first, by what the diagram calls each baseline."""
    lines = ranks.sort_values("mean_rank", kind="stable")
    return pd.Series(lines["mean_rank"].to_numpy(), index=_names(lines["baseline"], lines["model"], lines["model"]))


def p_values_by_name(pairs: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return the symmetric table of p-values after Holm, 1 on its diagonal, in the order of ``names``."""
    models = pd.concat([pairs["model"], pairs["other_model"]])
    first = _names(pairs["baseline"], pairs["model"], models)
    second = _names(pairs["other"], pairs["other_model"], models)
    table = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    for one, other, p_value in zip(first, second, pairs["p_holm"], strict=True):
        table.loc[one, other] = table.loc[other, one] = p_value
    return table


def _names(baselines: "pd.Series[str]", models: "pd.Series[str]", every: "pd.Series[str]") -> list[str]:
    """Return each baseline's name, with its model where there are several."""
    if every.nunique() == 1:
        return list(baselines)
    return [f"{baseline} ({model})" for baseline, model in zip(baselines, models, strict=True)]


def _verdict(ranks: pd.DataFrame, pairs: pd.DataFrame) -> str:
    """Return what was tested, and whether so few streams can tell any two apart."""
    streams, p_value = int(ranks["streams"].iloc[0]), float(ranks["friedman_p"].iloc[0])
    found = "" if np.isnan(p_value) else f", Friedman p = {p_value:.2g}"
    least = smallest_p(streams, len(pairs))
    few = f"\ntoo few streams to tell any two apart: p cannot fall below {least:.2g}" if least > ALPHA else ""
    return f"mean rank over {streams} streams{found}; joined: not told apart at 5 % (Wilcoxon, Holm){few}"
