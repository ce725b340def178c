"""The table of the search behind the recipe standard."""

import pandas as pd

from chaoscl.evaluation.tuning import CONVERGED
from chaoscl.reports.convergence import convergence_table


def test_gains_are_points_and_every_column_is_shown():
    values = {"dataset": "mnist", "max_lr": 0.005, "epochs": 8, "gain": 0.00123, "models": "chaos2k mlp2k", "seeds": 2}
    made = {"int": 1, "float": 0.5, "str": "x"}
    line = {column.name: values.get(column.name, made[column.dtype]) for column in CONVERGED.columns}
    (shown,) = convergence_table(pd.DataFrame([line])).to_dict("records")
    assert len(shown) == len(CONVERGED.columns)
    assert (shown["data set"], shown["max_lr"], shown["epochs"], shown["seeds"]) == ("mnist", "0.005", "8", "2")
    assert shown["gain of twice the epochs, points"] == "0.12"
    assert shown["models"] == "chaos2k, mlp2k"
