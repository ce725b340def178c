"""Tables over seeds: hand-solved means, orders, undefined values, and refusals."""

import math
import random
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaoscl.evaluation import schema
from chaoscl.evaluation.aggregate import RunRecord, forgetting_frame, retention_frame, summary_frame
from chaoscl.evaluation.metrics import METRICS
from chaoscl.evaluation.retention import RetentionMatrix

NAN = math.nan
FRAMES = (retention_frame, forgetting_frame, summary_frame)
FIRST = [[0.5, 0.5], [0.8, 0.4], [0.6, 0.9]]  # forgets 0.2
SECOND = [[0.5, 0.5], [0.9, 0.6], [0.5, 0.7]]  # forgets 0.4
JOINT = [[0.5, 0.5], [NAN, NAN], [0.9, 0.9]]


def line(frame, **where):
    found = frame
    for column, value in where.items():
        found = found[found[column] == value]
    assert len(found) == 1
    return found.iloc[0]


def test_retention_over_two_seeds(make_record):
    frame = retention_frame([make_record(FIRST, seed=0), make_record(SECOND, seed=1)])
    schema.validate(frame, schema.RETENTION)
    assert frame["row"].tolist() == [0, 0, 1, 1, 2, 2]
    assert frame["after"].tolist() == ["untrained", "untrained", "t1", "t1", "t2", "t2"]
    assert frame["task"].tolist() == ["t1", "t2"] * 3
    cell = line(frame, row=2, task="t1")
    # (0.6 + 0.5)/2 = 0.55; sd = |0.6 - 0.5| / sqrt(2)
    assert (cell["mean"], cell["sd"], cell["n"]) == (pytest.approx(0.55), pytest.approx(0.1 / math.sqrt(2)), 2)


def test_forgetting_over_two_seeds(make_record):
    frame = forgetting_frame([make_record(FIRST, seed=0), make_record(SECOND, seed=1)])
    schema.validate(frame, schema.FORGETTING)
    first = line(frame, task="t1")
    # learned (0.8 + 0.9)/2, final (0.6 + 0.5)/2, forgotten (0.2 + 0.4)/2; half-width 12.706 sd/sqrt(2)
    assert first["learned_mean"] == pytest.approx(0.85)
    assert first["final_mean"] == pytest.approx(0.55)
    assert first["forgetting_first_last_mean"] == pytest.approx(0.3)
    assert first["forgetting_first_last_sd"] == pytest.approx(0.2 / math.sqrt(2))
    assert first["forgetting_first_last_ci95"] == pytest.approx(12.706 * 0.1, rel=1e-4)
    assert first["forgetting_max_last_mean"] == pytest.approx(0.3)
    assert first["n"] == 2
    last = line(frame, task="t2")
    assert last["learned_mean"] == last["final_mean"] == pytest.approx(0.8)
    assert math.isnan(last["forgetting_first_last_mean"])
    assert math.isnan(last["forgetting_max_last_mean"])
    assert last["n"] == 2


def test_summary_over_two_seeds(make_record):
    frame = summary_frame([make_record(FIRST, seed=0), make_record(SECOND, seed=1)])
    schema.validate(frame, schema.SUMMARY)
    assert frame["metric"].tolist() == [*METRICS, "best_validation_accuracy"]
    transfer = line(frame, metric="backward_transfer")
    assert transfer["mean"] == pytest.approx(-0.3)
    assert transfer["ci95"] == pytest.approx(12.706 * 0.1, rel=1e-4)
    assert (transfer["min"], transfer["max"]) == (pytest.approx(-0.4), pytest.approx(-0.2))
    assert transfer["n"] == 2
    # (0.6 + 0.9)/2 = 0.75 and (0.5 + 0.7)/2 = 0.6
    assert line(frame, metric="average_accuracy")["mean"] == pytest.approx(0.675)


@pytest.mark.parametrize(
    ("changes", "defined"),
    [
        ({}, False),
        ({"scenario": "class"}, False),
        ({"scenario": "domain"}, False),  # which heads are shared is not known
        ({"scenario": "domain", "heads": (0, 1)}, False),
        ({"scenario": "domain", "heads": (0, 0)}, True),
    ],
)
def test_forward_transfer_is_there_only_where_an_earlier_task_trained_the_head(make_record, changes, defined):
    frame = summary_frame([make_record(FIRST, seed=seed, **changes) for seed in (0, 1)])
    for metric in ("forward_transfer", "forward_transfer_raw"):
        assert line(frame, metric=metric)["n"] == (2 if defined else 0)


def test_the_best_validation_accuracy_is_a_line_of_its_own(make_record):
    records = [make_record(FIRST, seed=seed, best_validation=best) for seed, best in enumerate((0.7, 0.9, math.nan))]
    cell = line(summary_frame(records), metric="best_validation_accuracy")
    assert (cell["mean"], cell["min"], cell["max"], cell["n"]) == (pytest.approx(0.8), 0.7, 0.9, 2)


def test_one_seed_has_no_spread(make_record):
    cell = line(summary_frame([make_record(FIRST)]), metric="backward_transfer")
    assert (cell["mean"], cell["n"]) == (pytest.approx(-0.2), 1)
    assert math.isnan(cell["sd"])
    assert math.isnan(cell["ci95"])


def test_what_joint_leaves_undefined_is_empty_with_no_seeds(make_record):
    records = [make_record(JOINT, "joint", seed) for seed in (0, 1)]
    text = schema.to_csv(summary_frame(records), schema.SUMMARY)
    assert "tiny,task,small,joint,embedded,ab12,backward_transfer,,,,,,0\n" in text
    assert (
        "tiny,task,small,joint,embedded,ab12,average_accuracy,0.900000,0.000000,0.000000,0.900000,0.900000,2\n" in text
    )
    text = schema.to_csv(retention_frame(records), schema.RETENTION)
    assert "tiny,task,small,joint,embedded,ab12,1,t1,t2,,,0\n" in text
    text = schema.to_csv(forgetting_frame(records), schema.FORGETTING)
    assert (
        "tiny,task,small,joint,embedded,ab12,t1,,,,,,0.900000,0.000000,0.000000,0.900000,0.900000,,,,,,,,,,,2\n" in text
    )


def test_intransigence_is_against_the_independent_run_of_the_same_seed(make_record):
    records = [
        make_record(FIRST, seed=0),
        make_record(SECOND, seed=1),
        make_record(SECOND, seed=2),
        make_record([[0.5, 0.5], [1.0, 0.5], [0.5, 1.0]], "independent", 0),
        make_record([[0.5, 0.5], [0.9, 0.5], [0.5, 0.9]], "independent", 1),
    ]
    frame = summary_frame(records)
    cell = line(frame, baseline="naive", metric="intransigence")
    # seed 0: ((1.0 - 0.8) + (1.0 - 0.9))/2 = 0.15; seed 1: ((0.9 - 0.9) + (0.9 - 0.7))/2 = 0.1; seed 2 has no reference
    assert (cell["mean"], cell["n"]) == (pytest.approx(0.125), 2)
    assert line(frame, baseline="independent", metric="intransigence")["mean"] == 0.0
    assert line(summary_frame(records[:3]), metric="intransigence")["n"] == 0


@pytest.mark.parametrize(
    "change",
    [{"data_sha256": "other"}, {"data": "real"}, {"model": "large"}, {"scenario": "class"}, {"stream": "long"}],
)
def test_a_reference_from_another_setting_is_not_taken(make_record, change):
    records = [make_record(FIRST), make_record(FIRST, "independent", **change)]
    assert line(summary_frame(records), baseline="naive", metric="intransigence")["n"] == 0
    assert len(summary_frame(records)) == 2 * len([*METRICS, "best_validation_accuracy"])


def test_modalities_reach_the_metrics(make_record):
    record = make_record(FIRST, modalities=("text", "image"))
    frame = summary_frame([record])
    # step 2 (image) costs task 1 (text) 0.8 - 0.6
    assert line(frame, metric="forgetting_cross_modality")["mean"] == pytest.approx(0.2)
    assert line(frame, metric="forgetting_within_modality")["n"] == 0
    assert line(summary_frame([make_record(FIRST)]), metric="forgetting_cross_modality")["n"] == 0


@pytest.mark.parametrize("make_frame", FRAMES)
def test_order_is_that_of_the_baselines_given(make_record, make_frame):
    records = [make_record(FIRST, name) for name in ("naive", "joint", "ewc")]
    seen = make_frame(records)["baseline"].drop_duplicates().tolist()
    assert seen == ["naive", "joint", "ewc"]
    asked = make_frame(records, ["joint", "ewc", "replay", "naive"])["baseline"].drop_duplicates().tolist()
    assert asked == ["joint", "ewc", "naive"]
    with pytest.raises(ValueError, match="'ewc' has runs but no place"):
        make_frame(records, ["joint", "naive"])


@pytest.mark.parametrize("make_frame", FRAMES)
def test_settings_are_never_mixed(make_record, make_frame):
    records = [
        make_record(FIRST, model="b"),
        make_record(SECOND, model="a"),
        make_record(SECOND, data_sha256="x", model="a"),
    ]
    frame = make_frame(records)
    assert frame[["model", "data_sha256"]].drop_duplicates().to_numpy().tolist() == [
        ["a", "ab12"],
        ["a", "x"],
        ["b", "ab12"],
    ]
    assert set(frame["n"]) <= {0, 1}


@pytest.mark.parametrize("make_frame", FRAMES)
def test_no_records_make_an_empty_table(make_frame):
    frame = make_frame([])
    assert len(frame) == 0
    schema.to_csv(frame, schema.TABLES[f"{make_frame.__name__.removesuffix('_frame')}.csv"])


@pytest.mark.parametrize("make_frame", FRAMES)
def test_runs_that_cannot_be_averaged_are_refused(make_record, make_frame):
    with pytest.raises(ValueError, match="seed 0, order 'given' appears more than once"):
        make_frame([make_record(FIRST), make_record(SECOND)])
    with pytest.raises(ValueError, match="seed 1, order 'given' has other tasks or modalities"):
        make_frame([make_record(FIRST), make_record([[0.5], [0.6]], seed=1)])
    with pytest.raises(ValueError, match="seed 1, order 'given' has other tasks or modalities"):
        make_frame([make_record(FIRST), make_record(SECOND, seed=1, modalities=("text", "text"))])


def test_a_reference_with_other_tasks_is_refused(make_record):
    record = make_record(FIRST)
    other = replace(record, baseline="independent", matrix=replace(record.matrix, tasks=("x", "y")))
    with pytest.raises(ValueError, match="not those of the independent run"):
        summary_frame([record, other])


def reordered(record, order, tasks, modalities=None):
    matrix = replace(record.matrix, tasks=tasks)
    return replace(record, order=order, matrix=matrix, modalities=modalities)


def test_orders_make_a_seed_more_than_one_run(make_record):
    records = [make_record(FIRST), make_record(SECOND, order="again")]
    assert line(summary_frame(records), metric="average_accuracy")["n"] == 2
    with pytest.raises(ValueError, match="seed 0, order 'again' appears more than once"):
        summary_frame([*records, make_record(FIRST, order="again")])


@pytest.mark.parametrize("make_frame", FRAMES)
def test_orders_that_keep_the_tasks_in_place_change_nothing(make_record, make_frame):
    seeds = [make_record(FIRST, seed=0), make_record(SECOND, seed=1)]
    orders = [make_record(FIRST, order="a"), make_record(SECOND, order="b")]
    pd.testing.assert_frame_equal(make_frame(seeds), make_frame(orders))


def test_runs_in_different_orders_are_aggregated_by_position(make_record):
    records = [
        reordered(make_record(FIRST, seed=0), "given", ("t1", "t2")),
        reordered(make_record(SECOND, seed=0), "shuffled", ("t2", "t1")),
        reordered(make_record(JOINT, "joint", seed=0), "given", ("t1", "t2")),
    ]
    retention = retention_frame(records)
    for _, group in retention.groupby("baseline"):
        assert group["after"].tolist() == ["untrained"] * 2 + ["position 1"] * 2 + ["position 2"] * 2
        assert group["task"].tolist() == ["position 1", "position 2"] * 3
    # The first task learned ends at 0.6 in one run (there t1) and at 0.5 in the other (there t2).
    assert line(retention, baseline="naive", row=2, task="position 1")["mean"] == pytest.approx(0.55)
    first = line(forgetting_frame(records), baseline="naive", task="position 1")
    assert first["forgetting_first_last_mean"] == pytest.approx(0.3)
    last = line(forgetting_frame(records), baseline="naive", task="position 2")
    assert math.isnan(last["forgetting_first_last_mean"])
    by_seed = summary_frame([make_record(FIRST, seed=0), make_record(SECOND, seed=1)])
    naive = summary_frame(records[:2])
    pd.testing.assert_frame_equal(naive, by_seed)


def test_another_stream_keeps_its_tasks_names(make_record):
    records = [
        reordered(make_record(FIRST), "given", ("t1", "t2")),
        reordered(make_record(SECOND), "shuffled", ("t2", "t1")),
        make_record(FIRST, stream="other"),
    ]
    frame = forgetting_frame(records)
    assert frame[frame["stream"] == "other"]["task"].tolist() == ["t1", "t2"]
    assert frame[frame["stream"] == "tiny"]["task"].tolist() == ["position 1", "position 2"]


def test_each_run_s_modalities_follow_its_own_order(make_record):
    records = [
        reordered(make_record(FIRST), "given", ("t1", "t2"), ("text", "image")),
        reordered(make_record(SECOND), "shuffled", ("t2", "t1"), ("image", "text")),
    ]
    assert line(summary_frame(records), metric="forgetting_cross_modality")["mean"] == pytest.approx(0.3)
    with pytest.raises(ValueError, match="order 'shuffled' has other tasks or modalities"):
        summary_frame([records[0], replace(records[1], modalities=("text", "image"))])
    with pytest.raises(ValueError, match="order 'shuffled' has other tasks or modalities"):
        summary_frame([records[0], reordered(records[1], "shuffled", ("t2", "t3"), ("image", "text"))])
    with pytest.raises(ValueError, match="order 'shuffled' has other tasks or modalities"):
        summary_frame([records[0], replace(records[1], modalities=None)])


def test_intransigence_is_against_the_independent_run_of_the_same_order(make_record):
    alone = make_record([[0.5, 0.5], [1.0, 0.5], [0.5, 1.0]], "independent")
    records = [make_record(FIRST), make_record(SECOND, order="b"), alone]
    # ((1.0 - 0.8) + (1.0 - 0.9)) / 2; order b has no reference
    cell = line(summary_frame(records), baseline="naive", metric="intransigence")
    assert (cell["mean"], cell["n"]) == (pytest.approx(0.15), 1)


cells_of_a_run = st.lists(st.integers(0, 100).map(lambda cell: cell / 100), min_size=6, max_size=6)


@given(st.lists(cells_of_a_run, min_size=2, max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_order_of_seeds_changes_nothing(cells, shuffler: random.Random):
    records = []
    for seed, values in enumerate(cells):
        mean = np.array(values).reshape(3, 2)
        matrix = RetentionMatrix(("a", "b"), mean, mean * 0.0, 2)
        for baseline in ("independent", "naive"):
            records.append(RunRecord("s", "task", "m", baseline, seed, "real", "ff", matrix))
    shuffled = records.copy()
    shuffler.shuffle(shuffled)
    for make_frame in FRAMES:
        order = ["naive", "independent"]
        pd.testing.assert_frame_equal(make_frame(records, order), make_frame(shuffled, order), check_exact=True)
