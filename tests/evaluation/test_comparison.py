"""Paired comparisons against the reference: hand-solved lines, families of tests, and what stays empty."""

import math
import random
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from chaoscl.evaluation import schema, statistics
from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.comparison import COMPARED, between_frame, comparison_frame
from chaoscl.evaluation.metrics import METRICS
from chaoscl.evaluation.retention import RetentionMatrix

NAN = math.nan
TESTS = ["p_permutation", "p_wilcoxon", "p_holm", "p_tost", "p_tost_holm"]
NEED_SPREAD = ["effect_size", "smallest_detectable", "pairs_needed"]
JOINT = [[0.5, 0.5], [NAN, NAN], [0.9, 0.9]]


def cells(first, last=0.9):
    """R of two tasks; the first is learned to 0.8 and ends at ``first``, so average accuracy is (first + last) / 2."""
    return [[0.5, 0.5], [0.8, 0.4], [first, last]]


def runs(make_record, baseline, finals, **changes):
    return [make_record(cells(first), baseline, seed, **changes) for seed, first in enumerate(finals)]


def line(frame, metric="average_accuracy", **where):
    found = frame[frame["metric"] == metric]
    for column, value in where.items():
        found = found[found[column] == value]
    assert len(found) == 1
    return found.iloc[0]


def test_three_pairs_by_hand(make_record):
    # ewc ends 0.2, 0.4 and 0.6 higher on one of two tasks: average accuracy differs by 0.1, 0.2, 0.3
    records = [*runs(make_record, "naive", [0.1, 0.2, 0.3]), *runs(make_record, "ewc", [0.3, 0.6, 0.9])]
    frame = comparison_frame(records, ["naive", "ewc"])
    schema.validate(frame, schema.COMPARISONS)
    assert frame["metric"].tolist() == list(COMPARED)
    found = line(frame)
    assert (found["baseline"], found["reference"], found["n"]) == ("ewc", "naive", 3)
    assert found["difference"] == pytest.approx(0.2)
    assert found["sd"] == pytest.approx(0.1)
    # t(0.975, 2) = 4.303; of 8 sign patterns two reach the sum; J(2) = 1 / sqrt(pi)
    assert found["ci95"] == pytest.approx(4.303 * 0.1 / math.sqrt(3), rel=2e-4)
    assert found["p_permutation"] == found["p_wilcoxon"] == found["p_holm"] == pytest.approx(0.25)
    assert found["effect_size"] == pytest.approx(2.0 / math.sqrt(math.pi))
    assert (found["min"], found["max"]) == (pytest.approx(0.1), pytest.approx(0.3))
    # twenty points are not within one: the upper of the two t tests decides, t = (0.2 - 0.01) / (0.1 / sqrt(3))
    assert found["margin"] == 0.01
    assert found["p_tost"] == found["p_tost_holm"] == pytest.approx(stats.t.cdf(0.19 * math.sqrt(3) / 0.1, 2))
    assert statistics.paired_power(found["smallest_detectable"], 0.1, 3) == pytest.approx(0.8)
    # d = 2 takes five pairs (the power tables), two more than there are
    assert found["pairs_needed"] == 2.0
    # the first task is learned to 0.8 by all: forgetting differs by -0.2, -0.4, -0.6, and learning not at all
    assert line(frame, "forgetting_max_last")["difference"] == pytest.approx(-0.4)
    assert line(frame, "backward_transfer")["difference"] == pytest.approx(0.4)
    assert line(frame, "learning_accuracy")["difference"] == 0.0


def test_no_difference_found_and_equal_within_a_point_are_two_things(make_record):
    # average accuracy differs by +-0.05 points, or by +-15: neither mean differs from 0, one is known to be small
    naive = [0.3, 0.4, 0.5, 0.6]
    close = [0.301, 0.399, 0.501, 0.599]
    far = [0.6, 0.1, 0.8, 0.3]
    records = [*runs(make_record, "naive", naive), *runs(make_record, "ewc", close), *runs(make_record, "si", far)]
    frame = comparison_frame(records, ["naive", "ewc", "si"])
    for name in ("ewc", "si"):
        assert line(frame, baseline=name)["p_holm"] == 1.0
    assert line(frame, baseline="ewc")["p_tost_holm"] < 0.001
    assert line(frame, baseline="si")["p_tost_holm"] > 0.3
    # Holm counts the two tests of a metric: the smaller p-value is doubled
    assert line(frame, baseline="ewc")["p_tost_holm"] == pytest.approx(2 * line(frame, baseline="ewc")["p_tost"])


def test_one_pair_has_a_difference_and_nothing_else(make_record):
    frame = comparison_frame([*runs(make_record, "naive", [0.1]), *runs(make_record, "ewc", [0.3])], ["naive", "ewc"])
    assert set(frame["n"]) == {1}
    assert line(frame)["difference"] == pytest.approx(0.1)
    assert frame[["sd", "ci95", *TESTS, *NEED_SPREAD]].isna().all(axis=None)
    row = schema.to_csv(frame, schema.COMPARISONS).splitlines()[1]
    shown = "tiny,task,small,ewc,naive,embedded,ab12,average_accuracy,1,0.100000,,,0.100000,0.100000,,,,0.010000"
    assert row == shown + "," * 5


def test_two_pairs_have_tests_but_no_effect_size(make_record):
    records = [*runs(make_record, "naive", [0.1, 0.2]), *runs(make_record, "ewc", [0.3, 0.6])]
    found = line(comparison_frame(records, ["naive", "ewc"]))
    assert found["p_permutation"] == 0.5
    assert math.isnan(found["effect_size"])
    assert found["smallest_detectable"] == pytest.approx(11.5499 * found["sd"], rel=1e-4)


def test_equal_differences_have_no_spread(make_record):
    records = [*runs(make_record, "naive", [0.2, 0.3, 0.8]), *runs(make_record, "ewc", [0.3, 0.4, 0.9])]
    found = line(comparison_frame(records, ["naive", "ewc"]))
    assert (found["sd"], found["ci95"]) == (0.0, 0.0)
    assert found["min"] == found["max"] == pytest.approx(0.05)
    assert found["p_tost"] == 1.0
    assert found["difference"] == pytest.approx(0.05)
    assert found["p_permutation"] == pytest.approx(0.25)
    assert found[NEED_SPREAD].isna().all()


def test_no_difference_needs_no_number_of_pairs(make_record):
    records = [*runs(make_record, "naive", [0.2, 0.4]), *runs(make_record, "ewc", [0.4, 0.2])]
    found = line(comparison_frame(records, ["naive", "ewc"]))
    assert found["difference"] == pytest.approx(0.0, abs=1e-15)
    assert found["smallest_detectable"] > 0.0
    assert math.isnan(found["pairs_needed"])


def test_a_difference_that_is_seen_already_needs_no_more_pairs(make_record):
    records = [
        *runs(make_record, "naive", [0.10, 0.10, 0.10, 0.10, 0.10]),
        *runs(make_record, "ewc", [0.50, 0.51, 0.50, 0.51, 0.50]),
    ]
    assert line(comparison_frame(records, ["naive", "ewc"]))["pairs_needed"] == 0.0


def test_what_joint_leaves_undefined_has_no_pairs(make_record):
    joint = [make_record(JOINT, "joint", seed) for seed in (0, 1)]
    frame = comparison_frame([*runs(make_record, "naive", [0.1, 0.2]), *joint], ["naive", "joint"])
    assert line(frame)["n"] == 2
    lost = line(frame, "forgetting_max_last")
    assert lost["n"] == 0
    assert lost[["difference", "sd", "ci95", *TESTS, *NEED_SPREAD]].isna().all()


def test_pairs_are_of_one_seed_and_one_order(make_record):
    records = [
        make_record(cells(0.1), "naive", 0),
        make_record(cells(0.3), "naive", 0, order="b"),
        make_record(cells(0.9), "naive", 1),
        make_record(cells(0.5), "ewc", 0, order="b"),
        make_record(cells(0.5), "ewc", 0),
        make_record(cells(0.0), "ewc", 2),
    ]
    found = line(comparison_frame(records, ["naive", "ewc"]))
    # seed 0 alone is there twice on both sides: (0.5 - 0.1)/2 and (0.5 - 0.3)/2
    assert (found["n"], found["difference"]) == (2, pytest.approx(0.15))


def test_a_baseline_with_its_own_model_is_compared_with_the_only_model_there_is(make_record):
    records = [*runs(make_record, "naive", [0.1, 0.2]), *runs(make_record, "mlp", [0.3, 0.4], model="dense")]
    found = line(comparison_frame(records, ["naive", "mlp"]))
    assert (found["model"], found["reference"], found["n"]) == ("dense", "naive", 2)


def test_the_same_model_is_the_reference_where_there_are_several(make_record):
    records = [
        *runs(make_record, "naive", [0.1]),
        *runs(make_record, "naive", [0.5], model="large"),
        *runs(make_record, "ewc", [0.3]),
        *runs(make_record, "ewc", [0.9], model="large"),
    ]
    frame = comparison_frame(records, ["naive", "ewc"])
    frame = frame[frame["baseline"] == "ewc"]
    assert line(frame, model="small")["difference"] == pytest.approx(0.1)
    assert line(frame, model="large")["difference"] == pytest.approx(0.2)
    assert set(frame[frame["baseline"] == "ewc"]["reference"]) == {"naive"}


def test_of_several_models_of_the_reference_the_first_is_compared_with(make_record):
    records = [
        *runs(make_record, "naive", [0.1]),
        *runs(make_record, "naive", [0.5], model="large"),
        *runs(make_record, "mlp", [0.3], model="dense"),
    ]
    frame = comparison_frame(records, ["naive", "mlp"])
    small = line(frame, model="small")
    assert (small["reference"], small["difference"]) == ("naive (large)", pytest.approx(-0.2))
    dense = line(frame, model="dense")
    assert (dense["reference"], dense["difference"]) == ("naive (large)", pytest.approx(-0.1))


def test_lines_follow_the_order_and_the_reference_has_none(make_record):
    records = [
        record for name in ("ewc", "naive", "replay", "mlp") for record in runs(make_record, name, [0.1, 0.2, 0.5])
    ]
    frame = comparison_frame(records, ["replay", "mlp", "naive", "ewc"])
    assert frame["baseline"].drop_duplicates().tolist() == ["mlp", "naive", "ewc"]
    assert set(frame["reference"]) == {"replay"}
    assert frame["metric"].tolist() == [*COMPARED] * 3


def test_holm_covers_the_baselines_of_one_metric_and_stream(make_record):
    naive = [0.1, 0.2, 0.3, 0.4]
    ewc, replay = [0.2, 0.4, 0.6, 0.8], [0.2, 0.1, 0.4, 0.45]
    records = [
        *runs(make_record, "naive", naive),
        *runs(make_record, "ewc", ewc),
        *runs(make_record, "replay", replay),
        *runs(make_record, "naive", naive, stream="other"),
        *runs(make_record, "ewc", ewc, stream="other"),
    ]
    frame = comparison_frame(records, ["naive", "ewc", "replay"])
    raw = {name: line(frame, baseline=name, stream="tiny")["p_permutation"] for name in ("ewc", "replay")}
    # ewc: 2 of 16 patterns. replay: differences 2, -2, 2, 1 (twentieths of half a point) sum to 3
    assert raw["ewc"] == pytest.approx(2 / 16)
    assert raw["replay"] == pytest.approx(10 / 16)
    assert line(frame, baseline="ewc", stream="tiny")["p_holm"] == pytest.approx(4 / 16)
    assert line(frame, baseline="replay", stream="tiny")["p_holm"] == pytest.approx(10 / 16)
    assert line(frame, baseline="ewc", stream="other")["p_holm"] == pytest.approx(2 / 16)


def test_a_comparison_without_a_test_is_not_in_the_family(make_record):
    records = [
        *runs(make_record, "naive", [0.1, 0.2, 0.3]),
        *runs(make_record, "ewc", [0.3, 0.6, 0.9]),
        make_record(cells(0.4), "replay", 0),
    ]
    frame = comparison_frame(records, ["naive", "ewc", "replay"])
    assert line(frame, baseline="ewc")["p_holm"] == pytest.approx(0.25)
    assert math.isnan(line(frame, baseline="replay")["p_holm"])


def test_without_runs_of_the_reference_there_is_nothing_to_compare(make_record):
    frame = comparison_frame(runs(make_record, "ewc", [0.1, 0.2]), ["naive", "ewc"])
    assert schema.to_csv(frame, schema.COMPARISONS) == ",".join(schema.COMPARISONS.header) + "\n"
    assert len(comparison_frame([], ["naive"])) == 0
    with pytest.raises(ValueError, match="order of the baselines is empty"):
        comparison_frame([], [])
    with pytest.raises(ValueError, match="'ewc' has runs but no place"):
        comparison_frame(runs(make_record, "ewc", [0.1]), ["naive"])


def test_other_data_is_never_compared(make_record):
    records = [*runs(make_record, "naive", [0.1]), *runs(make_record, "ewc", [0.3], data_sha256="other")]
    assert len(comparison_frame(records, ["naive", "ewc"])) == 0


accuracy = st.integers(0, 1000).map(lambda cell: cell / 1000)
tables = st.lists(accuracy, min_size=6, max_size=6).map(lambda values: np.array(values).reshape(3, 2))


@given(st.lists(st.tuples(tables, tables), min_size=1, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_any_runs_give_a_valid_frame_that_their_order_does_not_change(pairs, shuffler: random.Random):
    records = [
        RunRecord("s", "task", "m", name, seed, "real", "ff", RetentionMatrix(("a", "b"), mean, mean * 0.0, 1))
        for seed, both in enumerate(pairs)
        for name, mean in zip(("naive", "ewc"), both, strict=True)
    ]
    shuffled = records.copy()
    shuffler.shuffle(shuffled)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = comparison_frame(records, ["naive", "ewc"])
    pd.testing.assert_frame_equal(frame, comparison_frame(shuffled, ["naive", "ewc"]), check_exact=True)
    for _, found in frame.iterrows():
        values = [[METRICS[found["metric"]].compute(mean) for mean in both] for both in pairs]
        assert found["difference"] == pytest.approx(np.mean([second - first for first, second in values]), abs=1e-9)
        assert found["n"] == len(pairs)
        if len(pairs) > 1:
            assert 2 / 2 ** len(pairs) - 1e-12 <= found["p_permutation"] <= found["p_holm"] <= 1.0
            assert found["min"] - 1e-12 <= found["difference"] <= found["max"] + 1e-12
            assert 0.0 <= found["p_tost"] <= found["p_tost_holm"] <= 1.0
            assert (found["sd"] > 0.0) == (not math.isnan(found["smallest_detectable"]))


def test_two_sets_are_paired_baseline_by_baseline(make_record):
    # between the two, naive ends 0.2, 0.4 and 0.6 higher on one of two tasks, and ewc differs in nothing
    first = [*runs(make_record, "naive", [0.1, 0.2, 0.3]), *runs(make_record, "ewc", [0.5, 0.5, 0.5])]
    second = [
        *runs(make_record, "ewc", [0.5, 0.5, 0.5], model="large"),
        *runs(make_record, "naive", [0.3, 0.6, 0.9], model="large"),
        *runs(make_record, "joint", [0.5], model="large"),
    ]
    frame = between_frame(first, second)
    schema.validate(frame, schema.COMPARISONS)
    assert frame["baseline"].drop_duplicates().tolist() == ["naive", "ewc"]
    assert set(frame["model"]) == {"large"}
    found = line(frame, baseline="naive")
    assert (found["reference"], found["n"]) == ("naive (small)", 3)
    assert found["difference"] == pytest.approx(0.2)
    assert found["p_permutation"] == pytest.approx(0.25)
    assert found["p_holm"] == pytest.approx(0.5)  # of two tests the smaller p-value is doubled
    assert line(frame, baseline="ewc")["difference"] == 0.0


finals = st.lists(st.floats(0, 1), min_size=1, max_size=4)


@given(finals, finals)
@settings(max_examples=20)
def test_the_other_way_round_only_the_sign_differs(one, other):
    def make(values):
        tasks, nothing = ("t1", "t2"), np.zeros((3, 2))
        return [
            RunRecord("s", "task", "m", "naive", seed, "mirror", "ab", RetentionMatrix(tasks, cells(value), nothing, 1))
            for seed, value in enumerate(values)
        ]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        there, back = between_frame(make(one), make(other)), between_frame(make(other), make(one))
    assert set(there["n"]) == {min(len(one), len(other))}
    for name in ("difference", "sd", "p_permutation"):
        sign = -1 if name == "difference" else 1
        np.testing.assert_allclose(there[name], sign * back[name], atol=1e-12)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"data_sha256": "cd34"},
            "same stream, scenario and data: tiny, task, embedded, ab12; tiny, task, embedded, cd34",
        ),
        ({"stream": "other"}, "same stream"),
        ({"baseline": "ewc"}, "share no baseline: naive; ewc"),
    ],
)
def test_sets_that_cannot_be_paired_are_refused(make_record, changes, words):
    first, second = make_record(cells(0.5)), make_record(cells(0.5), **changes)
    with pytest.raises(ValueError, match=words):
        between_frame([first], [second])
    with pytest.raises(ValueError, match="no run"):
        between_frame([first], [])
    with pytest.raises(ValueError, match="naive has runs of several models"):
        between_frame([first], [first, make_record(cells(0.5), model="large")])
