import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import CARDS, card
from chaoscl.errors import UserError
from chaoscl.streams import Stream, Task, label_ranges, whole


@st.composite
def some_task(draw, name):
    dataset = draw(st.sampled_from(list(CARDS)))
    labels = range(len(card(dataset).classes))
    return Task(name, dataset, tuple(draw(st.lists(st.sampled_from(labels), unique=True))))


some_tasks = st.integers(1, 6).flatmap(lambda count: st.tuples(*(some_task(f"task {n}") for n in range(count))))


@given(some_tasks)
def test_label_ranges_are_contiguous_disjoint_and_as_long_as_their_tasks(tasks):
    ranges = label_ranges(tasks)
    assert [label for labels in ranges for label in labels] == list(range(sum(len(task.labels) for task in tasks)))
    assert [len(labels) for labels in ranges] == [len(task.labels) for task in tasks]


@given(some_tasks)
def test_reversed_twice_is_the_same_tasks(tasks):
    stream = Stream("some", tasks, "words", version=3)
    back = stream.reversed()
    assert back.tasks == tuple(reversed(tasks))
    assert (back.name, back.summary, back.version) == ("some-reversed", "words", 3)
    assert back.reversed().tasks == tasks
    assert set(back.datasets) == set(stream.datasets)


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
    assert label_ranges(tasks) == (range(0, 2), range(2, 6), range(6, 8))


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
