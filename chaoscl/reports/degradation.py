"""How performance degrades as a stream grows: accuracy on the tasks so far, and forgetting of the earlier ones."""

import numpy as np
import pandas as pd

from chaoscl.evaluation.metrics import forgetting_first_last
from chaoscl.reports.estimates import percent

STEP = 5
"""Tasks between two columns of the table."""


def degradation(retention: pd.DataFrame) -> pd.DataFrame:
    """Return, for each model, baseline and number of tasks k, what is left of the first k tasks; fractions.

    ``now`` is the mean over j <= k of R[k,j], the accuracy on the tasks so far; ``learned`` the mean over j <= k of
    R[j,j], what the same tasks had just after they were learned. ``lost`` is forgetting (first - last) after k tasks,
    the mean over the k - 1 earlier tasks j < k of R[j,j] - R[k,j], NaN for k = 1; after all tasks it is that of
    summary.csv. Baselines without a row after each task, such as joint training, are left out.

    Args:
        retention: retention.csv of one stream.
    """
    tasks = list(dict.fromkeys(retention["task"]))
    rows = []
    for (model, baseline), group in retention.groupby(["model", "baseline"], sort=False):
        cells = group.pivot(index="row", columns="task", values="mean")[tasks].to_numpy()
        learned = cells[1:].diagonal()
        if not np.isfinite(cells).all():
            continue
        for count in range(1, len(tasks) + 1):
            rows.append(
                {
                    "model": model,
                    "baseline": baseline,
                    "tasks": count,
                    "now": cells[count, :count].mean(),
                    "learned": learned[:count].mean(),
                    "lost": forgetting_first_last(cells[: count + 1, :count]),
                }
            )
    return pd.DataFrame(rows, columns=["model", "baseline", "tasks", "now", "learned", "lost"])


def shown_counts(total: int) -> list[int]:
    """Return the numbers of tasks that tables show: every STEP, and all."""
    return sorted({*range(STEP, total + 1, STEP), total})


def degradation_table(retention: pd.DataFrame) -> pd.DataFrame:
    """Return the degradation as text, percent: a row for each baseline, a column every STEP tasks.

    A cell reads ``now (lost)``: accuracy on the tasks so far, and forgetting (first - last) of the earlier ones.

    Args:
        retention: retention.csv of one stream.
    """
    values = degradation(retention)
    shown = shown_counts(int(values["tasks"].max()))
    rows = []
    for (model, baseline), group in values.groupby(["model", "baseline"], sort=False):
        row = {"model": str(model), "baseline": str(baseline)}
        for line in group[group["tasks"].isin(shown)].to_dict("records"):
            lost = percent(line["lost"], float("nan"))
            row[f"{line['tasks']} tasks"] = f"{100 * line['now']:.1f} ({lost})"
        rows.append(row)
    return pd.DataFrame(rows)
