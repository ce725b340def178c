from collections import Counter

import numpy as np
import pytest

from chaoscl.data.sets import addition


@pytest.fixture
def rows():
    return {split: addition.read(split) for split in ("train", "test")}


def test_the_split_has_178_and_20_rows(rows):
    assert {split: (len(raw.inputs), len(raw.labels)) for split, raw in rows.items()} == {
        "train": (178, 178),
        "test": (20, 20),
    }
    assert all(raw.labels.dtype == np.int64 for raw in rows.values())


def test_together_every_pair_but_2_2_stands_twice_as_the_original_lists_it(rows):
    expected = Counter()
    for a in range(10):
        for b in range(10):
            if (a, b) != (2, 2):
                expected.update([f"{a}+{b}=?", f"{b}+{a}=?"])
    assert Counter(rows["train"].inputs + rows["test"].inputs) == expected
    assert expected.total() == 198
    assert set(expected.values()) == {2}


def test_every_label_is_the_sum(rows):
    for raw in rows.values():
        for text, label in zip(raw.inputs, raw.labels, strict=True):
            assert len(text) == 5
            assert int(text[0]) + int(text[2]) == label


def test_the_rows_are_the_same_every_time_and_not_in_the_order_of_the_list(rows):
    again = addition.read("train")
    assert again.inputs == rows["train"].inputs
    assert again.labels.tolist() == rows["train"].labels.tolist()
    assert rows["train"].inputs != sorted(rows["train"].inputs)
