"""The page on long streams claims what an interval carries, and nothing more."""

import re

import numpy as np
import pytest

from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.reports.long_streams import (
    ACCURACY,
    FORGETTING,
    answer,
    finding,
    growth_table,
    long_stream_blocks,
    models_table,
)

TASKS = tuple(f"t{number}" for number in range(1, 8))


def run(model, baseline, seed, loss, noise=0.0):
    """A run of seven tasks, each learned to 0.9, that loses ``loss`` of each task once, at the next step."""
    mean = np.full((8, 7), 0.5)
    for task in range(7):
        mean[task + 1, task] = 0.9
        mean[task + 2 :, task] = 0.9 - loss - noise
    return RunRecord("long", "task", model, baseline, seed, "real", "ff", RetentionMatrix(TASKS, mean, 0.0 * mean, 1))


def runs(model, baseline, loss, spread=0.002, seeds=5):
    noise = np.linspace(-spread, spread, seeds)
    return [run(model, baseline, seed, loss, noise[seed]) for seed in range(seeds)]


FIRST = [*runs("mlp", "naive", 0.3), *runs("mlp", "replay", 0.1), *runs("mlp", "derpp", 0.1, spread=0.0)]
SECOND = [
    *runs("chaos", "naive", 0.2, spread=0.01),
    *runs("chaos", "replay", 0.1, spread=0.09),
    *runs("chaos", "derpp", 0.103, spread=0.001),
]


def test_each_line_says_what_its_interval_carries():
    naive, replay, derpp = answer(FIRST, SECOND).splitlines()
    # six of seven tasks have lost 0.1 less
    assert naive.startswith(
        "- `naive`, chaos against mlp after 7 tasks: forgetting is less (-10.0 points, 95 % interval "
    )
    assert "average accuracy is higher (+8.6 points" in naive
    assert "forgetting is not decided (0.0 points" in replay
    assert "average accuracy is not decided" in replay
    assert "forgetting is more, equal within 1 point (+0.3 points" in derpp
    assert "average accuracy is lower, equal within 1 point (-0.3 points" in derpp


def test_no_claim_without_an_interval_that_carries_it():
    for text in answer(FIRST, SECOND).splitlines():
        for word, difference, low, high in re.findall(
            r"is ([a-z ,1]+) \(([+-]?[\d.]+) points, 95 % interval ([+-]?[\d.]+) to ([+-]?[\d.]+), 5 pairs\)", text
        ):
            assert float(low) <= float(difference) <= float(high)
            if word.startswith(("less", "lower")):
                assert float(high) < 0
            elif word.startswith(("more", "higher")):
                assert float(low) > 0
            else:
                assert float(low) <= 0 <= float(high)


def test_one_pair_decides_nothing():
    text = answer(runs("mlp", "naive", 0.3, seeds=1), runs("chaos", "naive", 0.1, seeds=1))
    assert text.count("not decided (one pair") == 2


@pytest.mark.parametrize(
    ("difference", "half", "p_tost", "forgetting", "accuracy"),
    [
        (0.05, 0.04, 0.9, "less", "higher"),
        (-0.05, 0.04, 0.9, "more", "lower"),
        (0.05, 0.06, 0.9, "not decided", "not decided"),
        (0.001, 0.002, 0.01, "equal within 1 point", "equal within 1 point"),
        (float("nan"), float("nan"), float("nan"), "not decided", "not decided"),
    ],
)
def test_findings(difference, half, p_tost, forgetting, accuracy):
    line = {"difference": difference, "ci95": half, "p_tost_holm": p_tost, "margin": 0.01}
    # the metric behind forgetting is backward transfer: a higher one is less forgetting
    assert finding(line, FORGETTING) == forgetting
    assert finding(line, ACCURACY) == accuracy


def test_the_tables_have_a_line_for_each_baseline_and_number_of_tasks():
    table = models_table(FIRST, SECOND).set_index(["baseline", "tasks"])
    assert table.index.tolist() == [(name, tasks) for name in ("naive", "replay", "derpp") for tasks in ("5", "7")]
    # after five tasks four of five have lost 0.1 less: 8.0 points of accuracy, and 10 of forgetting
    row = table.loc[("naive", "5")]
    assert row["accuracy"].startswith("+8.0 ±")
    assert row["forgetting"].startswith("-10.0 ±")
    assert (row["accuracy: finding"], row["forgetting: finding"], row["pairs"]) == ("higher", "less", "5")


def test_forgetting_that_stays_the_same_does_not_grow_with_the_number_of_tasks():
    # every earlier task has lost as much, however many there are: dividing by all tasks would make it grow
    table = growth_table([*SECOND, *FIRST]).set_index(["model", "baseline"])
    assert table.loc[("mlp", "naive"), ["forgetting after 5", "forgetting after 7"]].tolist() == ["30.0", "30.0"]
    assert table.loc[("mlp", "naive"), "change"] == "0.0 ± 0.0"
    assert table.loc[("mlp", "naive"), "finding"] == "equal within 1 point"


def test_the_page_gets_a_block_for_each_marker():
    assert list(long_stream_blocks("long-20", FIRST, SECOND)) == ["long-20 answer", "long-20 models", "long-20 growth"]
