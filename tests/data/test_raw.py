import numpy as np
import pytest

from chaoscl.data import DATASETS
from chaoscl.data.raw import RawSplit, check_split, unavailable
from chaoscl.errors import UserError


def images(count, labels, shape=(1, 28, 28)):
    return RawSplit(np.zeros((count, *shape), np.uint8), np.array(labels, dtype=np.int64))


@pytest.mark.parametrize("name", DATASETS)
def test_the_error_names_the_data_set_the_reason_and_the_three_ways(name):
    error = unavailable(DATASETS[name].card, "the reason")
    assert isinstance(error, UserError)
    message = str(error)
    assert message.startswith(f"{name}: the reason. ")
    assert "\n" not in message
    for part in (DATASETS[name].card.official, f"DIR/{name}/train.parquet", "CHAOSCL_DATA", "--data embedded"):
        assert part in message


@pytest.mark.parametrize("labels", [[0, 9], [9, 0]])
def test_a_good_split_passes_unchanged(labels):
    raw = images(2, labels)
    assert check_split(DATASETS["mnist"].card, "train", raw, "here") is raw


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (images(0, []), "has no rows"),
        (RawSplit([], np.zeros(0, np.int64)), "has no rows"),
        (images(2, [0, 1, 2]), "2 samples but 3 labels"),
        (images(2, [0, 1], (1, 28, 27)), "(1, 28, 27), not (1, 28, 28)"),
        (images(2, [0, 1], (3, 28, 28)), "(3, 28, 28), not (1, 28, 28)"),
        (images(2, [0, 10]), "label 10, outside 0..9 (test split)"),
        (images(2, [-1, 3]), "label -1, outside 0..9"),
        (images(2, [-5, 99]), "label -5"),
    ],
)
def test_a_split_that_the_card_does_not_allow_is_refused(raw, words, refused):
    with refused("mnist: here ", words):
        check_split(DATASETS["mnist"].card, "test", raw, "here")


def test_texts_have_no_shape_to_check():
    raw = RawSplit(["any", ""], np.array([0, 3]))
    assert check_split(DATASETS["ag_news"].card, "train", raw, "here") is raw
