import contextlib
import dataclasses
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import DATASETS
from chaoscl.errors import UserError
from chaoscl.streams import GIVEN, Stream, Task, label_ranges, split, whole
from chaoscl.streams.stream import MOST_ORDERS


@st.composite
def some_task(draw, name):
    dataset = draw(st.sampled_from(list(DATASETS)))
    labels = range(len(DATASETS[dataset].card.classes))
    return Task(name, dataset, tuple(draw(st.lists(st.sampled_from(labels), unique=True))))


some_tasks = st.integers(1, 6).flatmap(lambda count: st.tuples(*(some_task(f"task {n}") for n in range(count))))


def tasks_of(count):
    """``count`` tasks that differ in their classes."""
    return tuple(Task(f"task {number}", "emnist_letters", (number,)) for number in range(count))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12))
def test_label_ranges_are_contiguous_disjoint_and_of_the_sizes(sizes):
    ranges = label_ranges(sizes)
    assert [label for labels in ranges for label in labels] == list(range(sum(sizes)))
    assert [len(labels) for labels in ranges] == sizes


@given(some_tasks)
def test_reversed_twice_is_the_same_tasks(tasks):
    stream = Stream("some", tasks, "words", version=3)
    back = stream.ordered("reversed")
    assert back.tasks == tuple(reversed(tasks))
    assert (back.name, back.summary, back.version) == ("some-reversed", "words", 3)
    assert back.ordered("reversed").tasks == tasks
    assert set(back.datasets) == set(stream.datasets)


@given(some_tasks, st.integers(0, 100))
def test_the_given_order_is_the_stream_itself(tasks, seed):
    stream = Stream("some", tasks)
    assert stream.ordered(GIVEN, seed) is stream
    assert stream.ordered(GIVEN) is stream


@given(st.integers(1, 26), st.integers(0, 10**6))
def test_a_shuffle_is_a_permutation_and_the_same_for_a_seed(count, seed):
    stream = Stream("some", tasks_of(count), "words", version=2)
    shuffled = stream.ordered("shuffle", seed)
    assert sorted(shuffled.tasks, key=lambda task: task.classes) == list(stream.tasks)
    assert (shuffled.name, shuffled.summary, shuffled.version) == ("some-shuffle", "words", 2)
    assert stream.ordered("shuffle", seed) == shuffled


def test_shuffles_of_other_seeds_differ_and_reach_every_place():
    stream = Stream("some", tasks_of(5))
    shuffles = {stream.ordered("shuffle", seed).tasks for seed in range(60)}
    assert len(shuffles) > 30
    for place in range(5):
        assert {tasks[place] for tasks in shuffles} == set(stream.tasks)


def test_a_shuffle_asks_no_global_generator():
    stream = Stream("some", tasks_of(8))
    random.seed(1)
    state = random.getstate()
    first = stream.ordered("shuffle", 4)
    assert random.getstate() == state
    random.seed(2)
    assert stream.ordered("shuffle", 4) == first


def test_the_shuffles_of_the_first_seeds():
    # A change here makes every result on shuffled tasks another one.
    stream = Stream("some", tasks_of(4))
    found = [[task.classes[0] for task in stream.ordered("shuffle", seed).tasks] for seed in range(3)]
    assert found == [[0, 1, 2, 3], [3, 1, 2, 0], [3, 1, 0, 2]]


@given(st.permutations(range(1, 7)))
def test_positions_name_the_tasks_from_1(order):
    text = "-".join(map(str, order))
    ordered = Stream("some", tasks_of(6)).ordered(text, seed=9)
    assert [task.classes[0] + 1 for task in ordered.tasks] == order
    assert ordered.name == f"some-{text}"


@pytest.mark.parametrize(
    "order", ["", "1", "1-2", "0-1-2", "1-2-4", "1-1-2-3", "1-2-3-", "-1-2-3", "1,2,3", "reverse", "all", "1 - 2 - 3"]
)
def test_what_is_no_order_is_refused_in_one_line(order):
    with pytest.raises(UserError) as caught:
        Stream("some", tasks_of(3)).ordered(order)
    assert str(caught.value) == (
        f"--order '{order}': give given, reversed, shuffle, all, or each of the positions 1 to 3 of some once,"
        " such as 3-2-1"
    )


@given(st.text(max_size=12))
def test_any_text_is_an_order_of_all_tasks_or_a_user_s_error(order):
    stream = Stream("some", tasks_of(3))
    with contextlib.suppress(UserError):
        assert set(stream.ordered(order).tasks) == set(stream.tasks)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_all_orders_are_every_permutation_once(count):
    stream = Stream("some", tasks_of(count))
    orders = stream.orders()
    assert len({stream.ordered(order).tasks for order in orders}) == len(orders) == math.factorial(count)
    assert stream.ordered(orders[0]).tasks == stream.tasks


def test_more_than_the_orders_of_five_tasks_are_refused():
    assert math.factorial(5) == MOST_ORDERS
    with pytest.raises(UserError, match=r"^--order all: some has 6 tasks, and more than 120 orders; use --order shuf"):
        Stream("some", tasks_of(6)).orders()


def test_a_task_holds_all_classes_or_those_that_are_named():
    assert Task("all", "ag_news").labels == (0, 1, 2, 3)
    assert Task("some", "mnist", (7, 2)).labels == (7, 2)
    assert (Task("a", "ag_news").modality, Task("b", "mnist").modality) == ("text", "image")


@pytest.mark.parametrize("classes", [(0, 10), (-1,), (3, 3), (1, 2, 1)])
def test_a_task_with_classes_that_cannot_be_is_refused(classes):
    with pytest.raises(
        UserError, match=r"^task 'odd': classes .* of mnist are given more than once or lie outside 0\.\.9$"
    ):
        Task("odd", "mnist", classes)


def test_a_task_of_an_unknown_data_set_is_refused():
    with pytest.raises(UserError, match="unknown data set 'nist'"):
        Task("odd", "nist")


def test_whole_gives_one_task_a_data_set_in_the_order_given():
    assert whole("mnist", "ag_news") == (Task("mnist", "mnist"), Task("ag_news", "ag_news"))
    with pytest.raises(UserError, match="unknown data set 'nist'"):
        whole("mnist", "nist")


def test_data_sets_come_by_first_appearance():
    tasks = (Task("low", "mnist", (0, 1)), Task("news", "ag_news"), Task("high", "mnist", (2, 3)))
    assert Stream("split", tasks).datasets == ("mnist", "ag_news")
    assert label_ranges([len(task.labels) for task in tasks]) == (range(0, 2), range(2, 6), range(6, 8))


def test_split_cuts_the_classes_into_tasks_of_the_sizes():
    assert split("ag_news", (1, 2, 1)) == (
        Task("ag_news-1", "ag_news", (0,)),
        Task("ag_news-2", "ag_news", (1, 2)),
        Task("ag_news-3", "ag_news", (3,)),
    )


def test_a_split_beyond_the_classes_is_refused():
    with pytest.raises(UserError, match="task 'mnist-2': classes 10, 11 of mnist"):
        split("mnist", (6, 6))


def test_only_images_are_permuted():
    assert Task("mixed", "mnist", permuted=True).labels == tuple(range(10))
    assert not Task("plain", "mnist").permuted
    with pytest.raises(UserError, match=r"^task 'mixed': only images have pixels to permute, and imdb holds texts$"):
        Task("mixed", "imdb", permuted=True)


def test_a_stream_needs_tasks_with_names_of_their_own():
    with pytest.raises(UserError, match="stream 'none' has no task"):
        Stream("none", ())
    with pytest.raises(UserError, match="stream 'twice' names imdb, mnist more than once"):
        Stream("twice", whole("mnist", "imdb", "mnist", "cifar10", "imdb"))


def test_streams_and_tasks_cannot_be_changed_and_compare_by_value():
    stream = Stream("one", whole("mnist"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        stream.name = "other"
    with pytest.raises(dataclasses.FrozenInstanceError):
        stream.tasks[0].classes = (1,)
    assert stream == Stream("one", whole("mnist"))
    assert hash(stream) == hash(Stream("one", whole("mnist")))
