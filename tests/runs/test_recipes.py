import pytest

from chaoscl.data import CARDS
from chaoscl.errors import UserError
from chaoscl.runs.recipes import QUICK_BATCHES, RECIPES, Settings, find_recipe, joint_settings


def test_the_seed_recipe_is_that_of_the_notes():
    seed = find_recipe("seed")
    assert {name: seed.settings(name, 50_000).epochs for name in CARDS} == {
        "ag_news": 8,
        "imdb": 8,
        "fashion_mnist": 6,
        "mnist": 8,
        "cifar10": 10,
        "emnist_letters": 10,
        "addition": 100,
    }
    assert seed.settings("imdb", 1000) == Settings(8, 64, 1e-3, 0.3, 1e-4, 4)
    assert seed.settings("mnist", 1000) == Settings(8, 128, 2e-3, 0.2, 1e-4, 1)
    assert seed.settings("cifar10", 1000) == Settings(10, 128, 2e-3, 0.2, 5e-4, 2)


@pytest.mark.parametrize("dataset", CARDS)
def test_the_standard_recipe_differs_in_epochs_and_accumulation_only(dataset):
    seed, standard = (RECIPES[name].settings(dataset, 50_000) for name in ("seed", "standard"))
    assert standard.accumulation == 1
    assert standard.epochs <= seed.epochs
    assert (standard.batch, standard.max_lr, standard.rise, standard.weight_decay) == (
        seed.batch,
        seed.max_lr,
        seed.rise,
        seed.weight_decay,
    )


@pytest.mark.parametrize("dataset", ["mnist", "imdb"])
def test_the_quick_recipe_aims_at_a_number_of_small_batches(dataset):
    settings = [find_recipe("quick").settings(dataset, rows) for rows in (32, 3200, 10**6)]
    assert [one.epochs for one in settings] == [QUICK_BATCHES, QUICK_BATCHES // 100, 1]
    assert {one.batch for one in settings} == {32}


def test_joint_takes_the_largest_of_each():
    joint = joint_settings([Settings(8, 64, 1e-3, 0.3, 1e-4, 4), Settings(4, 128, 2e-3, 0.2, 5e-4)])
    assert joint == Settings(8, 128, 2e-3, 0.3, 5e-4, 1)


def test_an_unknown_recipe_is_one_line():
    with pytest.raises(UserError, match="unknown recipe 'slow'; there are: quick, standard, seed"):
        find_recipe("slow")
