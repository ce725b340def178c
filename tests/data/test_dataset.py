import dataclasses
import re

import pytest

from chaoscl.data import DATASETS
from chaoscl.data.embedded import CLASSES, NAMES
from chaoscl.errors import UserError

OFFICIAL = {
    "ag_news": (4, 120_000, 7_600, (128,)),
    "imdb": (2, 25_000, 25_000, (256,)),
    "mnist": (10, 60_000, 10_000, (1, 28, 28)),
    "fashion_mnist": (10, 60_000, 10_000, (1, 28, 28)),
    "cifar10": (10, 50_000, 10_000, (3, 32, 32)),
    "emnist_letters": (26, 124_800, 20_800, (1, 28, 28)),
    "addition": (19, 178, 20, (5,)),
}


def test_there_is_a_card_for_every_data_set_and_no_other():
    assert {
        name: (len(one.classes), one.train_rows, one.test_rows, one.shape)
        for name, one in [(one.name, one.card) for one in DATASETS.values()]
    } == (OFFICIAL)


@pytest.mark.parametrize("name", DATASETS)
def test_a_card_is_complete_and_agrees_with_itself(name):
    one = DATASETS[name].card
    assert one.name == name
    assert len(set(one.classes)) == len(one.classes)
    for words in (one.title, one.kind, one.official, one.licence, one.citation):
        assert words.strip() == words != ""
    if one.modality == "image":
        assert len(one.mean) == len(one.std) == one.shape[0]
        assert all(0 < value < 1 for value in (*one.mean, *one.std))
        assert one.vocabulary == one.min_frequency == 0
    else:
        assert one.modality == "text"
        assert len(one.shape) == 1
        assert one.vocabulary > 2
        assert one.min_frequency >= 1
        assert one.mean == one.std == ()


@pytest.mark.parametrize("name", ["ag_news", "imdb"])
def test_text_cards_pin_a_revision(name):
    assert re.fullmatch(r"[\w-]+/\w+@[0-9a-f]{40}", DATASETS[name].card.official)


@pytest.mark.parametrize("name", NAMES)
def test_the_embedded_stand_ins_have_the_classes_of_the_card(name):
    assert CLASSES[name] == len(DATASETS[name].card.classes)


def test_a_card_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DATASETS["mnist"].card.name = "other"


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(UserError, match=r"data set 'minst' .did you mean mnist.*; there are: .*addition$"):
        DATASETS["minst"]
