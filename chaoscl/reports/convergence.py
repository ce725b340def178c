"""The table of the search behind the recipe ``standard``."""

import pandas as pd


def convergence_table(chosen: pd.DataFrame) -> pd.DataFrame:
    """Return what the search chose for each data set, as text; the gain in percentage points.

    Args:
        chosen: chosen.csv of ``benchmarks/converge.py``.
    """
    shown = chosen.astype(str)
    shown["max_lr"] = [f"{value:g}" for value in chosen["max_lr"]]
    shown["gain"] = [f"{100 * value:.2f}" for value in chosen["gain"]]
    shown["models"] = [models.replace(" ", ", ") for models in chosen["models"]]
    return shown.rename(columns={"dataset": "data set", "gain": "gain of twice the epochs, points"})
