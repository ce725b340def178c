from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import DATASETS, Bank, Prepared, Source, prepare
from chaoscl.errors import UserError
from chaoscl.evaluation.heads import known_heads
from chaoscl.streams import (
    STREAMS,
    Split,
    Stream,
    Task,
    check_rows,
    check_scenario,
    find_stream,
    joined,
    label_ranges,
    layout,
    materialise,
    split,
    task_heads,
    task_labels,
    views,
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


def sizes(stream):
    return [len(task.labels) for task in stream.tasks]


def rows_of(split):
    return split.references[:, 1].tolist()


@pytest.mark.parametrize("name", ["task", "domain", "class"])
def test_the_scenarios_there_are(name):
    assert check_scenario(name) == name


def test_another_scenario_is_refused():
    with pytest.raises(UserError, match=r"^unknown scenario 'time'; there are: task, domain, class$"):
        check_scenario("time")


@pytest.mark.parametrize("scenario", ["task", "class"])
@pytest.mark.parametrize("stream", [NEWS_DIGITS, BY_CLASSES], ids=["whole", "by classes"])
def test_targets_are_global_and_belong_to_the_row(stream, scenario, bank):
    for part, labels in zip(materialise(stream, scenario, bank, 0), label_ranges(sizes(stream)), strict=True):
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
    backwards = materialise(NEWS_DIGITS.ordered("reversed"), "task", bank, 1)
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
    assert shown.heads == label_ranges(sizes(stream))
    assert shown.visible == tuple((number,) for number in range(len(stream.tasks)))
    assert shown.classes == sum(len(task.labels) for task in stream.tasks)


@pytest.mark.parametrize("name", STREAMS)
def test_a_model_not_told_the_task_sees_all_heads(name):
    stream = STREAMS[name]
    shown = layout(stream, "class")
    assert shown.heads == label_ranges(sizes(stream))
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


QUESTIONS = Stream(
    "questions",
    (
        Task("low", "mnist", (7, 2)),
        Task("news", "ag_news"),
        Task("reviews", "imdb"),
        Task("mid", "mnist", (4, 3, 9)),
        Task("high", "mnist", (1, 0)),
    ),
)


def test_in_domain_tasks_with_equally_many_classes_share_labels_and_head(bank_of):
    bank = bank_of(mnist=(200, 50), ag_news=(60, 12), imdb=(40, 10))
    shown = layout(QUESTIONS, "domain")
    assert shown.heads == (range(0, 2), range(2, 6), range(6, 9))
    assert shown.visible == ((0,), (1,), (2,))
    assert shown.classes == 9
    tasks = materialise(QUESTIONS, "domain", bank, 0)
    assert [part.task_label for part in tasks] == [0, 1, 0, 2, 0]
    for part in tasks:
        back = dict(zip(shown.heads[part.task_label], part.task.labels, strict=True))
        for name in SPLITS:
            split = getattr(part, name)
            own = bank[part.task.dataset].labels[rows_of(split)]
            assert [back[target] for target in split.targets.tolist()] == own.tolist()
        assert set(part.train.targets.tolist()) == set(part.test.targets.tolist()) == set(back)


@pytest.mark.parametrize("name", STREAMS)
def test_in_domain_every_size_of_task_has_one_head(name):
    stream = STREAMS[name]
    shown = layout(stream, "domain")
    assert [len(labels) for labels in shown.heads] == list(dict.fromkeys(sizes(stream)))
    assert [label for labels in shown.heads for label in labels] == list(range(shown.classes))


def test_domain_without_equal_tasks_is_the_task_scenario(bank):
    for one, other in zip(
        materialise(BY_CLASSES, "task", bank, 2), materialise(BY_CLASSES, "domain", bank, 2), strict=True
    ):
        assert one.task_label == other.task_label
        assert torch.equal(one.train.targets, other.train.targets)
        assert torch.equal(one.train.references, other.train.references)
    assert layout(BY_CLASSES, "domain") == layout(BY_CLASSES, "task")


PERMUTED = Stream(
    "permuted",
    (
        Task("first", "mnist", permuted=True),
        Task("plain", "mnist", (3, 1)),
        Task("second", "mnist", (3, 1), permuted=True),
        Task("colours", "cifar10", permuted=True),
    ),
)


@given(seed=st.integers(0, 10**6))
def test_a_view_is_a_permutation_of_the_pixels_drawn_by_seed_and_name(seed):
    made = views(PERMUTED, seed)
    assert [(view.name, view.dataset) for view in made] == [
        ("first", "mnist"),
        ("second", "mnist"),
        ("colours", "cifar10"),
    ]
    for view, pixels in zip(made, (784, 784, 3072), strict=True):
        assert view.order.dtype == torch.int64
        assert view.order.sort().values.tolist() == list(range(pixels))
    again = views(PERMUTED, seed)
    assert all(torch.equal(one.order, other.order) for one, other in zip(made, again, strict=True))
    assert not torch.equal(made[0].order, made[1].order)
    assert not torch.equal(made[0].order, views(PERMUTED, seed + 1)[0].order)


def test_a_view_does_not_depend_on_its_place_and_asks_no_global_generator():
    torch.manual_seed(5)
    state = torch.get_rng_state()
    forwards = {view.name: view.order for view in views(PERMUTED, 1)}
    backwards = {view.name: view.order for view in views(PERMUTED.ordered("reversed"), 1)}
    assert torch.equal(torch.get_rng_state(), state)
    assert list(backwards) == list(forwards)[::-1]
    assert all(torch.equal(forwards[name], backwards[name]) for name in forwards)


def test_the_ten_permutations_of_a_run_all_differ():
    orders = {tuple(view.order.tolist()) for view in views(STREAMS["permuted-mnist"], 0)}
    assert len(orders) == 10


@pytest.mark.parametrize("name", [name for name in STREAMS if name != "permuted-mnist"])
def test_streams_without_permuted_tasks_need_no_view(name):
    assert views(STREAMS[name], 0) == []


def test_the_references_of_a_permuted_task_go_through_its_view(bank_of):
    bank = bank_of(mnist=(60, 20), cifar10=(30, 10)).with_views(views(PERMUTED, 4))
    first, plain, second, colours = materialise(PERMUTED, "task", bank, 4)
    for part in (first, second, colours):
        for name in SPLITS:
            split = getattr(part, name)
            assert torch.equal(split.references, bank.references(part.task.name, split.references[:, 1]))
    assert torch.equal(plain.train.references, bank.references("mnist", plain.train.references[:, 1]))
    # Through either, task or data set, the same rows are held out and have the same labels.
    assert rows_of(second.validation) == rows_of(plain.validation)
    assert (second.train.targets - plain.train.targets).unique().tolist() == [2]
    assert bank["mnist"].labels[rows_of(first.test)].tolist() == first.test.targets.tolist()


def test_joined_keeps_the_order(bank):
    parts = [part.test for part in materialise(NEWS_DIGITS, "class", bank, 0)]
    both = joined(parts)
    assert len(both) == 73
    assert torch.equal(both.references[:23], parts[0].references)
    assert torch.equal(both.targets[23:], parts[1].targets)
    assert isinstance(both, Split)


def test_addition_is_split_as_published(cache_folder):
    bank = Bank([prepare(DATASETS["addition"], Source("embedded"), cache_folder)])
    (part,) = materialise(Stream("sums", whole("addition")), "task", bank, 0)
    assert (len(part.train), len(part.validation), len(part.test)) == (160, 18, 20)


def of_labels(train, test, name="mnist"):
    """A bank of one data set with these labels."""
    one = DATASETS[name].card
    labels = torch.tensor([*train, *test])
    return Bank(
        [Prepared(one, torch.zeros(len(labels), *one.shape), labels, len(train), (), "mirror", "", "", Path(name))]
    )


PAIRS = find_stream("split-mnist")
EVERY = [*range(10)] * 40


def test_a_stream_whose_tasks_have_rows_everywhere_passes():
    check_rows(PAIRS, of_labels(EVERY, EVERY), range(5))
    # A class may be missing as long as its task has another.
    check_rows(PAIRS, of_labels([one for one in EVERY if one != 3], [one for one in EVERY if one != 8]), range(5))


@pytest.mark.parametrize(
    ("train", "test", "where", "task", "classes"),
    [
        ([one for one in EVERY if one not in (4, 5)], EVERY, "the train split of mnist", "mnist-3", "4, 5"),
        (EVERY, [one for one in EVERY if one < 8], "the test split of mnist", "mnist-5", "8, 9"),
    ],
)
def test_a_task_without_rows_in_a_split_is_refused_with_split_task_and_classes(train, test, where, task, classes):
    with pytest.raises(UserError) as caught:
        check_rows(PAIRS, of_labels(train, test), range(3))
    message = str(caught.value)
    assert message.startswith(f"task '{task}' has no row in {where}: none has one of its classes, {classes}; ")
    assert "\n" not in message


def test_a_task_whose_rows_a_seed_leaves_out_of_validation_or_of_training_is_refused_with_the_seed():
    train = [*range(8)] * 40 + [8]
    bank = of_labels(train, EVERY)
    held = {seed: len(materialise(PAIRS, "task", bank, seed)[4].validation) for seed in range(40)}
    assert set(held.values()) == {0, 1}
    for seed, rows in held.items():
        where = "what the tenth" if rows else "the tenth"
        with pytest.raises(
            UserError, match=f"^task 'mnist-5' has no row in {where} of the train split that seed {seed} "
        ):
            check_rows(PAIRS, bank, [seed])
    check_rows(PAIRS, bank, [])


@given(st.lists(st.integers(0, 9), min_size=10, max_size=60), st.lists(st.integers(0, 9), min_size=5, max_size=30))
def test_what_passes_is_exactly_what_gives_every_task_rows_in_every_split(train, test):
    bank = of_labels(train, test)
    complete = all(
        len(getattr(task, name))
        for seed in (0, 1)
        for task in materialise(PAIRS, "class", bank, seed)
        for name in SPLITS
    )
    try:
        check_rows(PAIRS, bank, [0, 1])
    except UserError:
        assert not complete
    else:
        assert complete


def test_classes_are_named_as_the_card_names_them_and_other_data_sets_do_not_count():
    bank = Bank([*of_labels([0, 1] * 20, [0, 1] * 20, "ag_news").datasets, *of_labels(EVERY, EVERY).datasets])
    with pytest.raises(
        UserError, match=r"^task 'ag_news-2' has no row in the train split of ag_news: .* Business, Sci/"
    ):
        check_rows(Stream("news", (*split("ag_news", (2, 2)), *whole("mnist"))), bank, [0])
    check_rows(Stream("news", (*split("ag_news", (2, 2))[:1], *whole("mnist"))), bank, [0])


@pytest.mark.parametrize("scenario", ["task", "domain", "class"])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_row_is_in_two_of_training_validation_and_test(scenario, seed, bank):
    for part in materialise(NEWS_DIGITS, scenario, bank, seed):
        training, validation, test = (set(rows_of(getattr(part, name))) for name in ("train", "validation", "test"))
        dataset = bank[part.task.dataset]
        assert training | validation == set(range(dataset.train_rows))
        assert test == set(range(dataset.train_rows, len(dataset.labels)))
        assert not training & validation


@pytest.mark.parametrize("scenario", ["task", "class"])
def test_no_two_tasks_share_a_head_unless_the_scenario_is_domain_incremental(scenario):
    assert task_heads(QUESTIONS, scenario) == list(range(len(QUESTIONS.tasks)))
    assert known_heads(scenario, len(QUESTIONS.tasks)) == tuple(task_heads(QUESTIONS, scenario))


def test_tasks_of_one_question_share_a_head():
    owners = task_heads(QUESTIONS, "domain")
    assert owners == task_labels(QUESTIONS, "domain")
    assert len(set(owners)) < len(owners)
