import math

import pandas as pd

from chaoscl.evaluation import schema
from chaoscl.evaluation.anchors import ANCHORS
from chaoscl.reports.anchors import anchor_table, miss_table


def line(**changes):
    return {
        "stream": "split-mnist",
        "scenario": "task",
        "method": "none",
        "baseline": "naive",
        "hyper": "",
        "values": "as in the baseline's file",
        "published": 87.19,
        "low": 80.94,
        "high": 93.45,
        "mean": 88.26,
        "sd": 1.24,
        "n": 3,
        "inside": "yes",
        "miss": "",
        "source": "a paper",
    } | changes


def test_the_table_shows_each_published_number_beside_ours(tmp_path):
    path = tmp_path / ANCHORS.name
    schema.write_csv(
        pd.DataFrame(
            [
                line(),
                line(method="SI", baseline="si", hyper="si_lambda = 20", mean=0.04, low=0.0, inside="no", sd=0.0),
                line(scenario="domain", mean=50.0, inside="no", miss="fewer epochs"),
                line(scenario="class", mean=99.96, high=100.0, sd=math.nan, n=1),
            ]
        ),
        ANCHORS,
        path,
    )
    table = anchor_table(schema.read_csv(ANCHORS, path))
    assert list(table.columns) == [
        "scenario",
        "method",
        "baseline",
        "published",
        "band",
        "ours",
        "sd",
        "seeds",
        "inside",
    ]
    assert table.values.tolist() == [
        ["task", "none", "naive", "87.2", "80.9 to 93.5", "88.3", "1.2", "3", "yes"],
        ["task", "SI", "si (si_lambda = 20)", "87.2", "0.0 to 93.5", "0.0", "0.0", "3", "no"],
        ["domain", "none", "naive", "87.2", "80.9 to 93.5", "50.0", "1.2", "3", "no: a known miss"],
        ["class", "none", "naive", "87.2", "80.9 to 100.0", "100.0", "-", "1", "yes"],
    ]


def test_the_table_of_misses_holds_what_lies_outside_with_its_reason():
    frame = pd.DataFrame([line(), line(method="SI", inside="no"), line(method="EWC", inside="no", miss="fewer epochs")])
    assert miss_table(frame).values.tolist() == [["task", "SI", "not known"], ["task", "EWC", "fewer epochs"]]
    assert miss_table(pd.DataFrame([line()])).empty


def test_a_table_of_no_anchors_is_empty():
    assert anchor_table(schema.empty(ANCHORS)).empty
