import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import DATASETS, Source, prepare
from chaoscl.data.embedded import NAMES
from chaoscl.data.remarks import weaknesses

NEWS, MNIST = DATASETS["ag_news"].card, DATASETS["mnist"].card


def texts(*first_tokens):
    rows = np.zeros((len(first_tokens), 4), np.int32)
    rows[:, 0] = first_tokens
    return rows


def found(inputs, labels, train_rows, data=NEWS):
    return weaknesses(data, inputs, np.array(labels), train_rows)


def test_healthy_rows_have_no_remark():
    assert found(texts(*range(2, 10)), [0, 1, 2, 3] * 2, 4) == []


def test_classes_without_a_row_are_named_for_each_split():
    assert found(texts(*range(2, 8)), [0, 1, 2, 2, 3, 3], 4) == [
        "train: no row of 1 of 4 classes (Sci/Tech).",
        "test: no row of 3 of 4 classes (World, Sports, Business).",
    ]


def test_texts_without_a_known_token_are_counted_for_each_split():
    inputs = texts(2, 3, 4, 5, 0, 6, 7, 8, 9, 1, 10)
    inputs[9] = 1
    assert found(inputs, [0, 1, 2, 3, 0, 0, 0, 1, 2, 3, 1], 6) == [
        "train: 1 of 6 texts hold no token of the vocabulary.",
        "test: 1 of 5 texts hold no token of the vocabulary.",
    ]


def test_a_black_image_is_an_image():
    images = np.zeros((20, 1, 28, 28), np.uint8)
    images[np.arange(20), 0, 0, np.arange(20)] = 1
    images[3] = 0
    assert found(images, [*range(10), *range(10)], 10, MNIST) == []


@given(st.lists(st.integers(2, 9), min_size=4, max_size=12), st.lists(st.integers(2, 9), min_size=4, max_size=12))
def test_test_rows_that_are_in_the_training_split_are_counted(train, test):
    labels = [number % 4 for rows in (train, test) for number in range(len(rows))]
    both = sum(row in train for row in test)
    expected = [f"test: {both} of {len(test)} rows are in the training split too."] if both else []
    assert found(texts(*train, *test), labels, len(train)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_generated_data_has_nothing_to_remark(name, embedded_bank):
    assert embedded_bank(name)[name].remarks == ()


@pytest.mark.real
@pytest.mark.parametrize("name", NAMES)
def test_of_the_real_data_sets_imdb_alone_has_rows_in_both_splits(name, mirror, cache_folder):
    expected = ("test: 123 of 25,000 rows are in the training split too.",) if name == "imdb" else ()
    assert prepare(DATASETS[name], Source("mirror", mirror), cache_folder).remarks == expected
