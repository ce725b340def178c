"""How performance degrades as a stream grows: accuracy on the tasks so far, beside what they had when just learned."""

import numpy as np
import pandas as pd

STEP = 5
"""Tasks between two columns of the table."""


def degradation(retention: pd.DataFrame) -> pd.DataFrame:
    """Return, for each model, baseline and number of tasks k, what is left of the first k tasks; fractions.

    ``now`` is the mean over j <= k of R[k,j], the accuracy on the tasks so far; ``learned`` the mean over j <= k of
    R[j,j], what the same tasks had just after they were learned. Their difference is forgetting (first - last) over
    the first k tasks, the latest one's 0 included; comparing it over k leaves out that later tasks may be harder.
    Baselines without a row after each task, such as joint training, are left out.

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
                }
            )
    return pd.DataFrame(rows, columns=["model", "baseline", "tasks", "now", "learned"])


def degradation_table(retention: pd.DataFrame) -> pd.DataFrame:
    """Return the degradation as text, percent: a row for each baseline, a column every STEP tasks.

    A cell reads ``now (lost)``: accuracy on the tasks so far, and the points lost of them since each was learned.

    Args:
        retention: retention.csv of one stream.
    """
    values = degradation(retention)
    total = int(values["tasks"].max())
    shown = sorted({*range(STEP, total + 1, STEP), total})
    rows = []
    for (model, baseline), group in values.groupby(["model", "baseline"], sort=False):
        row = {"model": str(model), "baseline": str(baseline)}
        for line in group[group["tasks"].isin(shown)].to_dict("records"):
            lost = f"{100 * (line['learned'] - line['now']):.1f}".replace("-0.0", "0.0")
            row[f"{line['tasks']} tasks"] = f"{100 * line['now']:.1f} ({lost})"
        rows.append(row)
    return pd.DataFrame(rows)
