import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import Bank, Source, prepare
from chaoscl.errors import UserError
from chaoscl.streams import (
    STREAMS,
    Split,
    Stream,
    Task,
    check_scenario,
    find_stream,
    joined,
    label_ranges,
    layout,
    materialise,
    whole,
)

SPLITS = ("train", "validation", "test")
NEWS_DIGITS = find_stream("ag_news,mnist")
BY_CLASSES = Stream(
    "split", (Task("high", "mnist", (9, 3)), Task("news", "ag_news", (2, 0, 1)), Task("low", "mnist", (0, 1, 4, 8)))
)


@pytest.fixture(scope="module")
def bank(bank_of):
    return bank_of(mnist=(200, 50), ag_news=(90, 23))


def rows_of(split):
    return split.references[:, 1].tolist()


@pytest.mark.parametrize("name", ["task", "class"])
def test_the_scenarios_there_are(name):
    assert check_scenario(name) == name


def test_another_scenario_is_refused():
    with pytest.raises(UserError, match="unknown scenario 'domain'; there are: task, class"):
        check_scenario("domain")


@pytest.mark.parametrize("scenario", ["task", "class"])
@pytest.mark.parametrize("stream", [NEWS_DIGITS, BY_CLASSES], ids=["whole", "by classes"])
def test_targets_are_global_and_belong_to_the_row(stream, scenario, bank):
    for part, labels in zip(materialise(stream, scenario, bank, 0), label_ranges(stream.tasks), strict=True):
        own = bank[part.task.dataset].labels
        back = dict(zip(labels, part.task.labels, strict=True))
        for name in SPLITS:
            split = getattr(part, name)
            assert split.targets.dtype == split.references.dtype == torch.int64
            assert len(split) == len(split.references) > 0
            assert [back[target] for target in split.targets.tolist()] == own[rows_of(split)].tolist()
            numbers = {number for number, data in enumerate(bank.datasets) if data.card.name == part.task.dataset}
            assert set(split.references[:, 0].tolist()) == numbers
        assert set(part.test.targets.tolist()) == set(labels)


@pytest.mark.parametrize(("scenario", "expected"), [("task", [0, 1, 2]), ("class", [0, 0, 0])])
def test_task_labels(scenario, expected, bank):
    tasks = materialise(BY_CLASSES, scenario, bank, 0)
    assert [part.task_label for part in tasks] == expected
    assert [part.task for part in tasks] == list(BY_CLASSES.tasks)


def test_the_scenario_changes_nothing_but_task_labels(bank):
    pairs = zip(materialise(BY_CLASSES, "task", bank, 5), materialise(BY_CLASSES, "class", bank, 5), strict=True)
    for one, other in pairs:
        for name in SPLITS:
            assert torch.equal(getattr(one, name).references, getattr(other, name).references)
            assert torch.equal(getattr(one, name).targets, getattr(other, name).targets)


@given(seed=st.integers(0, 10**6), train=st.integers(10, 300), test=st.integers(1, 20))
def test_the_split_is_complete_disjoint_and_one_tenth(seed, train, test, bank_of):
    (part,) = materialise(find_stream("mnist"), "task", bank_of(mnist=(train, test)), seed)
    learned, held_out = rows_of(part.train), rows_of(part.validation)
    assert sorted(learned + held_out) == list(range(train))
    assert len(held_out) == round(0.1 * train)
    assert learned == sorted(learned)
    assert held_out == sorted(held_out)
    assert rows_of(part.test) == list(range(train, train + test))


def test_tasks_of_one_data_set_share_its_split_and_no_row(bank):
    every = materialise(find_stream("mnist"), "task", bank, 3)[0]
    tasks = [part for part in materialise(BY_CLASSES, "task", bank, 3) if part.task.dataset == "mnist"]
    for name in SPLITS:
        parts = [set(rows_of(getattr(part, name))) for part in tasks]
        assert not parts[0] & parts[1]
        wanted = {row for row in rows_of(getattr(every, name)) if bank["mnist"].labels[row] in (9, 3, 0, 1, 4, 8)}
        assert parts[0] | parts[1] == wanted


def test_the_split_is_the_same_for_a_seed_whatever_was_drawn_before(bank):
    first = materialise(NEWS_DIGITS, "task", bank, 1)
    torch.manual_seed(99)
    state = torch.get_rng_state()
    again = materialise(NEWS_DIGITS, "task", bank, 1)
    assert torch.equal(torch.get_rng_state(), state)
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one.validation.references, other.validation.references)
        assert torch.equal(one.train.targets, other.train.targets)


def test_the_split_does_not_depend_on_the_place_in_the_stream(bank):
    forwards = materialise(NEWS_DIGITS, "task", bank, 1)
    backwards = materialise(NEWS_DIGITS.reversed(), "task", bank, 1)
    for one, other in zip(forwards, backwards[::-1], strict=True):
        assert torch.equal(one.validation.references, other.validation.references)


def test_other_seeds_and_other_data_sets_hold_out_other_rows(bank_of):
    same_size = bank_of(mnist=(200, 5), fashion_mnist=(200, 5))
    stream = find_stream("mnist,fashion_mnist")
    held_out = [
        tuple(rows_of(part.validation)) for seed in range(3) for part in materialise(stream, "task", same_size, seed)
    ]
    assert len(set(held_out)) == 6


def test_known_rows_of_seed_0(bank):
    # A change here makes every result another one.
    assert rows_of(materialise(NEWS_DIGITS, "task", bank, 0)[0].validation) == [9, 11, 20, 26, 29, 63, 79, 84, 89]


@pytest.mark.parametrize("name", STREAMS)
def test_a_model_told_the_task_sees_its_head_alone(name):
    stream = STREAMS[name]
    shown = layout(stream, "task")
    assert shown.heads == label_ranges(stream.tasks)
    assert shown.visible == tuple((number,) for number in range(len(stream.tasks)))
    assert shown.classes == sum(len(task.labels) for task in stream.tasks)


@pytest.mark.parametrize("name", STREAMS)
def test_a_model_not_told_the_task_sees_all_heads(name):
    stream = STREAMS[name]
    shown = layout(stream, "class")
    assert shown.heads == label_ranges(stream.tasks)
    assert shown.visible == (tuple(range(len(stream.tasks))),)
    assert shown.classes == layout(stream, "task").classes


@pytest.mark.parametrize("scenario", ["task", "class"])
def test_every_task_label_has_its_own_head_among_those_it_shows(scenario, bank):
    shown = layout(BY_CLASSES, scenario)
    for number, part in enumerate(materialise(BY_CLASSES, scenario, bank, 0)):
        assert number in shown.visible[part.task_label]
        assert set(part.train.targets.tolist()) <= set(shown.heads[number])


def test_the_classes_of_the_six_tasks():
    assert layout(STREAMS["seed-six"], "class").classes == 4 + 2 + 10 + 10 + 10 + 26


def test_joined_keeps_the_order(bank):
    parts = [part.test for part in materialise(NEWS_DIGITS, "class", bank, 0)]
    both = joined(parts)
    assert len(both) == 73
    assert torch.equal(both.references[:23], parts[0].references)
    assert torch.equal(both.targets[23:], parts[1].targets)
    assert isinstance(both, Split)


def test_addition_is_split_as_published(cache_folder):
    bank = Bank([prepare("addition", Source("embedded"), cache_folder)])
    (part,) = materialise(Stream("sums", whole("addition")), "task", bank, 0)
    assert (len(part.train), len(part.validation), len(part.test)) == (160, 18, 20)
