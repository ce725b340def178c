"""Best validation accuracy of each experience of a run, from its learning curves.

Validation rows are a tenth of the training rows; the accuracy is that of a pass at the end of an epoch. No run stops at
its best epoch, so this is what a run could have reached, not what its retention matrix holds.
"""

import math

import numpy as np
import pandas as pd

METRIC = "best_validation_accuracy"
"""Its name in summary.csv: the mean over the experiences of a run."""


def best_validation(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the best epoch of each experience.

    Columns ``experience``, ``task``, ``epochs``, ``best_epoch``, ``best`` and ``last``; the last two are accuracies in
    [0, 1]. The earliest epoch counts where several are equally good.

    Args:
        curves: curves.csv of one run.
    """
    rows = []
    for (experience, task), group in curves.groupby(["experience", "task"], sort=True):
        accuracy = group.sort_values("epoch")["validation_accuracy"].to_numpy()
        epochs = np.sort(group["epoch"].to_numpy())
        known = np.isfinite(accuracy).any()
        place = int(np.nanargmax(accuracy)) if known else len(accuracy) - 1
        rows.append(
            {
                "experience": int(str(experience)),
                "task": str(task),
                "epochs": len(epochs),
                "best_epoch": int(epochs[place]),
                "best": float(accuracy[place]),
                "last": float(accuracy[-1]),
            }
        )
    return pd.DataFrame(rows, columns=["experience", "task", "epochs", "best_epoch", "best", "last"])


def mean_best(curves: pd.DataFrame) -> float:
    """Return the mean over the experiences of a run of their best validation accuracy; NaN where one has none.

    Args:
        curves: curves.csv of one run.
    """
    best = best_validation(curves)["best"].to_numpy()
    return float(best.mean()) if best.size else math.nan
