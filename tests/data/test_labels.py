import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import DATASETS
from chaoscl.data.labels import RENUMBERED, LabelsError, declared_names, read_labels

NEWS = DATASETS["ag_news"].card


def column(values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


@pytest.mark.parametrize("kind", ["int8", "uint8", "int32", "int64", "uint64"])
def test_whole_numbers_of_any_width_are_the_labels(kind):
    labels, said = read_labels(NEWS, column([3, 0, 1], kind), [])
    assert labels.dtype == np.int64
    assert (labels.tolist(), said) == ([3, 0, 1], ())


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("change", [str, str.upper, lambda text: f"\ufeff{text}", lambda text: f" {text} "])
@pytest.mark.parametrize("kind", ["string", "large_string"])
def test_class_names_are_the_labels_of_the_card(name, change, kind):
    classes = DATASETS[name].card.classes
    labels, said = read_labels(DATASETS[name].card, column([change(one) for one in classes[::-1]], kind), [])
    assert labels.dtype == np.int64
    assert (labels.tolist(), said) == (list(range(len(classes)))[::-1], ())


def test_a_beginning_that_one_class_alone_has_is_enough():
    assert read_labels(DATASETS["imdb"].card, column(["pos", "neg"]), [])[0].tolist() == [1, 0]
    assert read_labels(DATASETS["mnist"].card, column(["1", "0"]), [])[0].tolist() == [1, 0]
    assert read_labels(DATASETS["addition"].card, column(["1", "18"]), [])[0].tolist() == [1, 18]


@pytest.mark.parametrize("name", ["S", "", "Politics", "0", "Sports and more"])
def test_a_name_that_is_no_class_is_refused_with_the_classes(name):
    with pytest.raises(
        LabelsError, match=f"label '{name.lower()}' is none of the classes World, Sports, Business, Sci"
    ):
        read_labels(NEWS, column(["World", name]), [])


@pytest.mark.parametrize("values", [[0.0, 1.0], [True, False], [["a"], ["b"]], [b"World", b"Sports"]])
def test_what_is_neither_a_number_nor_a_name_is_refused_with_its_type(values):
    with pytest.raises(LabelsError, match=f"whole numbers or class names, but {column(values).type}"):
        read_labels(NEWS, column(values), [])


@given(st.permutations(NEWS.classes), st.lists(st.integers(0, 3), min_size=1))
def test_numbers_whose_declared_names_stand_in_another_order_are_renumbered_by_name(declared, values):
    labels, said = read_labels(NEWS, column(values), declared)
    assert [NEWS.classes[label] for label in labels] == [declared[value] for value in values]
    assert said == (() if labels.tolist() == values else (RENUMBERED,))


def test_declared_names_that_start_at_1_are_renumbered_from_0():
    letters = DATASETS["emnist_letters"].card
    declared = ["N/A", *(one.lower() for one in letters.classes)]
    labels, said = read_labels(letters, column([1, 26, 2]), declared)
    assert (labels.tolist(), said) == ([0, 25, 1], (RENUMBERED,))


@pytest.mark.parametrize(
    "declared", [["neg", "pos"], ["bad", "good"], ["negative", "good"], [], ["negative", "positive", "unsupervised"]]
)
def test_declared_names_that_do_not_contradict_the_card_change_nothing(declared):
    assert read_labels(DATASETS["imdb"].card, column([1, 0, 1]), declared)[0].tolist() == [1, 0, 1]


@pytest.mark.parametrize(("declared", "values"), [(["good", "negative"], [0, 1]), (["pos", "neg"], [0, 1, 2])])
def test_declared_names_of_which_some_only_are_the_card_s_are_refused(declared, values):
    with pytest.raises(
        LabelsError, match=rf"declares for its labels \({declared[0]}, {declared[1]}\) are not the classes"
    ):
        read_labels(DATASETS["imdb"].card, column(values), declared)


def test_a_label_out_of_range_stays_what_it_is_and_is_refused_later():
    assert read_labels(NEWS, column([-1, 4, 2]), list(NEWS.classes))[0].tolist() == [-1, 4, 2]


def metadata(content):
    return {b"huggingface": json.dumps(content).encode()}


def test_declared_names_come_from_the_metadata_of_datasets():
    features = {"label": {"names": ["b", "a"], "_type": "ClassLabel"}}
    assert declared_names(metadata({"info": {"features": features}})) == ["b", "a"]


@pytest.mark.parametrize(
    "content",
    [None, {}, {b"huggingface": b"{"}, {b"huggingface": b"\xff"}, metadata([]), metadata({"info": None}),
     metadata({"info": {"features": {"label": {"dtype": "int64"}}}})],
)  # fmt: skip
def test_a_file_without_such_metadata_declares_no_names(content):
    assert declared_names(content) == []
