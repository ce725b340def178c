"""Each metric on matrices solved by hand, and properties that must hold for every matrix."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaoscl.evaluation import metrics, per_task
from chaoscl.evaluation.heads import heads_are_shared, known_heads
from chaoscl.evaluation.metrics import METRICS, summarise

sizes = st.integers(1, 5)
cell = st.integers(0, 100).map(lambda value: value / 100)


@st.composite
def matrix(draw, smallest=1):
    size = draw(st.integers(smallest, 5))
    return np.array([[draw(cell) for _ in range(size)] for _ in range(size + 1)])


def near(value):
    return pytest.approx(value, abs=1e-12)


def test_average_accuracy(three_tasks):
    # last row: (0.7 + 0.5 + 0.8) / 3 = 2/3
    assert metrics.average_accuracy(three_tasks) == near(2 / 3)


def test_average_incremental_accuracy(three_tasks):
    # row 1: 0.9; row 2: (0.6 + 0.8)/2 = 0.7; row 3: 2/3; their mean: (27/30 + 21/30 + 20/30) / 3 = 68/90
    assert metrics.average_incremental_accuracy(three_tasks) == near(68 / 90)


def test_learning_accuracy(three_tasks):
    # diagonal: (0.9 + 0.8 + 0.8) / 3 = 2.5/3
    assert metrics.learning_accuracy(three_tasks) == near(2.5 / 3)


def test_backward_transfer(three_tasks):
    # task 1: 0.7 - 0.9 = -0.2; task 2: 0.5 - 0.8 = -0.3; mean -0.25
    assert metrics.backward_transfer(three_tasks) == near(-0.25)


def test_forgetting_first_last(three_tasks):
    # the same with the sign turned: (0.2 + 0.3) / 2
    assert metrics.forgetting_first_last(three_tasks) == near(0.25)


def test_forgetting_max_last_looks_at_rows_from_learning_to_the_last_but_one():
    table = [
        [0.95, 0.0, 0.0],  # untrained: higher than anything later on task 1, and not counted
        [0.50, 0.9, 0.0],  # before task 2 is learned: not counted for task 2
        [0.70, 0.6, 0.0],
        [0.60, 0.8, 0.4],  # final row: not counted as a maximum
    ]
    # task 1: max(0.5, 0.7) - 0.6 = 0.1; task 2: 0.6 - 0.8 = -0.2; mean -0.05
    assert per_task.forgetting_max_last_per_task(table)[:2] == near([0.1, -0.2])
    assert metrics.forgetting_max_last(table) == near(-0.05)


def test_retention_ratio_is_a_mean_of_ratios(three_tasks):
    # task 1: 0.7/0.9 = 7/9; task 2: 0.5/0.8 = 5/8; mean (56 + 45)/72/2 = 101/144. Ratio of means would be 1.2/1.7
    assert metrics.retention_ratio(three_tasks) == near(101 / 144)


def test_forward_transfer(three_tasks):
    # task 2: R[1,2] - R[0,2] = 0.1 - 0.1 = 0; task 3: R[2,3] - R[0,3] = 0.4 - 0.5 = -0.1; mean -0.05
    assert metrics.forward_transfer(three_tasks, [0, 0, 0]) == near(-0.05)
    # without the untrained row: (0.1 + 0.4) / 2
    assert metrics.forward_transfer_raw(three_tasks, [0, 0, 0]) == near(0.25)


@pytest.mark.parametrize(
    ("heads", "shared"),
    [([0, 1, 2], False), ([0, 0, 1], False), ([0, 1, 0], False), ([4, 4, 4], True), ([0], True)],
)
def test_forward_transfer_needs_heads_that_an_earlier_task_trained(heads, shared):
    # the last of these streams is one task long: there is no task after the first
    table = np.full((len(heads) + 1, len(heads)), 0.5)
    for function in (metrics.forward_transfer, metrics.forward_transfer_raw):
        assert math.isnan(function(table, heads)) == (not shared or len(heads) == 1)
    assert heads_are_shared(heads) == shared


def test_forward_transfer_wants_a_head_for_each_task(three_tasks):
    with pytest.raises(ValueError, match="one a task is needed, 3, not 2"):
        metrics.forward_transfer(three_tasks, [0, 0])


def test_the_scenario_alone_decides_the_heads_unless_it_is_domain_incremental():
    assert known_heads("task", 3) == known_heads("class", 3) == (0, 1, 2)
    assert known_heads("domain", 3) is None


def test_intransigence(three_tasks):
    # (1.0 - 0.9) + (0.7 - 0.8) + (0.95 - 0.8) = 0.1 - 0.1 + 0.15; mean 0.05
    assert metrics.intransigence(three_tasks, [1.0, 0.7, 0.95]) == near(0.05)


def test_plasticity_leaves_out_the_first_task(three_tasks):
    # (0.8 + 0.8) / 2
    assert metrics.plasticity(three_tasks) == near(0.8)


def test_stability_leaves_out_the_last_task(three_tasks):
    # (0.7 + 0.5) / 2
    assert metrics.stability(three_tasks) == near(0.6)


def test_forgetting_by_modality(three_tasks):
    modalities = ("text", "image", "text")
    # step 2 (image) on task 1 (text): 0.9 - 0.6 = 0.3; step 3 (text) on task 2 (image): 0.8 - 0.5 = 0.3; mean 0.3
    assert metrics.forgetting_cross_modality(three_tasks, modalities) == near(0.3)
    # step 3 (text) on task 1 (text): 0.6 - 0.7 = -0.1
    assert metrics.forgetting_within_modality(three_tasks, modalities) == near(-0.1)


def test_one_task_has_accuracies_but_no_transfer():
    values = summarise([[0.5], [0.75]], [0.8], ["text"])
    defined = {name: value for name, value in values.items() if not math.isnan(value)}
    assert defined == {
        "average_accuracy": 0.75,
        "average_incremental_accuracy": 0.75,
        "learning_accuracy": 0.75,
        "intransigence": near(0.05),
    }


def test_joint_has_only_what_its_last_row_gives(joint):
    values = summarise(joint, [0.9, 0.9, 0.9], ["text", "text", "image"])
    defined = {name: value for name, value in values.items() if not math.isnan(value)}
    # (0.9 + 0.8 + 0.7)/3 and (0.9 + 0.8)/2
    assert defined == {"average_accuracy": near(0.8), "stability": near(0.85)}


def test_joint_of_two_tasks_has_no_forgetting_by_modality():
    values = summarise([[0.5, 0.5], [math.nan, math.nan], [0.9, 0.9]], None, ["text", "image"])
    assert math.isnan(values["forgetting_cross_modality"])
    assert math.isnan(values["forward_transfer"])


def test_a_task_learned_to_zero_has_no_ratio():
    assert np.isnan(per_task.retention_ratio_per_task([[0.0, 0.0], [0.0, 0.0], [0.5, 1.0]])).all()
    assert math.isnan(metrics.retention_ratio([[0, 0, 0], [0, 0, 0], [0, 0.5, 0], [0, 0.5, 0.5]]))


def test_what_was_not_given_is_not_guessed(three_tasks):
    values = summarise(three_tasks)
    missing = {name for name, value in values.items() if math.isnan(value)}
    assert missing == {
        "forward_transfer",
        "forward_transfer_raw",
        "intransigence",
        "forgetting_within_modality",
        "forgetting_cross_modality",
    }


def test_registry_is_complete_and_in_order(three_tasks):
    assert list(summarise(three_tasks)) == list(METRICS)
    assert list(METRICS)[:4] == [
        "average_accuracy",
        "average_incremental_accuracy",
        "learning_accuracy",
        "backward_transfer",
    ]
    for name, entry in METRICS.items():
        assert entry.name == name == entry.function.__name__
        assert entry.title
        assert entry.formula
        assert entry.citation
        assert entry.unit in {"fraction", "ratio"}
    losses = {name for name, entry in METRICS.items() if not entry.higher_is_better}
    assert losses == {name for name in METRICS if name.startswith(("forgetting", "intransigence"))}


@pytest.mark.parametrize("shape", [(3, 3), (2, 3), (1, 0), (4,), (5, 3)])
def test_wrong_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"shape \(T\+1, T\)"):
        metrics.average_accuracy(np.zeros(shape))


def test_wrong_references_and_modalities_are_refused(three_tasks):
    with pytest.raises(ValueError, match="reference accuracies"):
        metrics.intransigence(three_tasks, [0.5, 0.5])
    with pytest.raises(ValueError, match="modalities"):
        metrics.forgetting_within_modality(three_tasks, ["text", "image"])
    with pytest.raises(ValueError, match="modalities"):
        metrics.forgetting_within_modality(three_tasks, "tit")


def test_no_function_changes_its_argument(three_tasks):
    before = three_tasks.copy()
    summarise(three_tasks, [1, 1, 1], ["a", "b", "a"])
    for function in (
        per_task.final_accuracy_per_task,
        per_task.learned_accuracy_per_task,
        per_task.forward_transfer_raw_per_task,
    ):
        function(three_tasks)[:] = 9.0
    assert np.array_equal(three_tasks, before)


@given(matrix(smallest=2))
@settings(max_examples=50, deadline=None)
def test_backward_transfer_is_minus_first_last_forgetting(table):
    assert metrics.backward_transfer(table) == -metrics.forgetting_first_last(table)


@given(matrix(smallest=2))
@settings(max_examples=50, deadline=None)
def test_max_last_is_never_below_first_last(table):
    first, best = per_task.forgetting_first_last_per_task(table), per_task.forgetting_max_last_per_task(table)
    assert (best[:-1] >= first[:-1]).all()
    assert np.isnan(first[-1])
    assert np.isnan(best[-1])


@given(matrix(smallest=2))
@settings(max_examples=50, deadline=None)
def test_rows_before_learning_do_not_touch_forgetting(table):
    changed = table.copy()
    for row in range(table.shape[1]):
        changed[row, row:] = 1.0  # row i knows tasks 1..i; everything to their right is before learning
    for name in ("forgetting_first_last", "forgetting_max_last", "backward_transfer", "retention_ratio"):
        assert METRICS[name].function(changed) == pytest.approx(METRICS[name].function(table), nan_ok=True)


@given(st.lists(cell, min_size=2, max_size=5))
@settings(max_examples=50, deadline=None)
def test_rows_that_stay_the_same_show_no_forgetting_and_no_transfer(row):
    values = summarise(
        [row] * (len(row) + 1), row, ["text", "image", "text", "image", "text"][: len(row)], [0] * len(row)
    )
    for name in ("forgetting_first_last", "forgetting_max_last", "backward_transfer", "forward_transfer"):
        assert values[name] == 0.0
    assert values["intransigence"] == 0.0
    assert values["forgetting_cross_modality"] == 0.0


@given(matrix(), st.data())
@settings(max_examples=50, deadline=None)
def test_every_metric_stays_within_its_bounds(table, data):
    size = table.shape[1]
    reference = data.draw(st.lists(cell, min_size=size, max_size=size))
    modalities = data.draw(st.lists(st.sampled_from(["text", "image"]), min_size=size, max_size=size))
    for name, value in summarise(table, reference, modalities, [0] * size).items():
        low, high = METRICS[name].bounds
        assert math.isnan(value) or low - 1e-12 <= value <= high + 1e-12


@given(matrix(smallest=2))
@settings(max_examples=50, deadline=None)
def test_averages_follow_from_learning_and_forgetting(table):
    # R[T,j] = R[j,j] - forgetting of j, and the last task forgets nothing
    size = table.shape[1]
    expected = metrics.learning_accuracy(table) - metrics.forgetting_first_last(table) * (size - 1) / size
    assert metrics.average_accuracy(table) == near(expected)
