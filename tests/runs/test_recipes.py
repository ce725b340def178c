from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


SOME_ROWS = (("mnist", 10_000), ("ag_news", 5_000))
PLAIN = {"online": (10, 1e-3), "anchor-split": (128, 1e-3), "anchor-permuted": (128, 1e-4)}


@pytest.mark.parametrize("dataset", CARDS)
@pytest.mark.parametrize("name", PLAIN)
def test_plain_recipes_have_a_constant_rate_no_decay_and_no_clipping(name, dataset):
    batch, rate = PLAIN[name]
    settings = find_recipe(name).settings(dataset, 1000)
    assert (settings.batch, settings.max_lr) == (batch, rate)
    assert (settings.rise, settings.weight_decay, settings.clip, settings.accumulation) == (None, 0.0, None, 1)


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in PLAIN])
def test_the_other_recipes_have_a_cycle_decay_and_clipping(name):
    settings = find_recipe(name).settings("mnist", 1000)
    assert (settings.rise, settings.weight_decay, settings.clip) == (0.2, 1e-4, 1.0)


def test_the_anchors_alone_keep_one_optimiser_for_all_tasks():
    kept = {name for name, recipe in RECIPES.items() if not recipe.settings("mnist", 1000).fresh}
    assert kept == {"anchor-split", "anchor-permuted"}


@given(rows=st.integers(1, 10**6))
def test_online_sees_every_row_once(rows):
    assert find_recipe("online").settings("mnist", rows).epochs == 1


@pytest.mark.parametrize(("name", "batches"), [("anchor-split", 2000), ("anchor-permuted", 5000)])
@given(rows=st.integers(1, 10**6), dataset=st.sampled_from(list(CARDS)))
def test_the_anchors_come_as_near_to_their_batches_as_whole_epochs_can(name, batches, rows, dataset):
    settings = find_recipe(name).settings(dataset, rows)
    epoch = -(-rows // settings.batch)
    assert settings.epochs >= 1
    for other in (settings.epochs - 1, settings.epochs + 1):
        if other >= 1:
            assert abs(settings.epochs * epoch - batches) <= abs(other * epoch - batches)


def test_the_anchors_epochs_by_hand():
    # 54,000 digits in 422 batches of 128; a fifth of them in 85.
    assert find_recipe("anchor-permuted").settings("mnist", 54_000).epochs == 12
    assert find_recipe("anchor-split").settings("mnist", 10_800).epochs == 24


@pytest.mark.parametrize("dataset", CARDS)
def test_the_short_recipe_differs_from_the_standard_one_in_epochs_only(dataset):
    short, standard = (RECIPES[name].settings(dataset, 50_000) for name in ("short", "standard"))
    assert 1 <= short.epochs <= standard.epochs
    assert replace(short, epochs=standard.epochs) == standard
    if CARDS[dataset].modality == "image":
        assert short.epochs * 4 == standard.epochs


def test_every_recipe_is_listed_under_its_name_with_a_line():
    for name, recipe in RECIPES.items():
        assert recipe.name == name
        assert recipe.summary
        assert "\n" not in recipe.summary


def test_joint_settings_of_plain_ones_are_plain():
    joint = joint_settings([find_recipe("anchor-split").settings(name, rows) for name, rows in SOME_ROWS])
    assert joint == Settings(50, 128, 1e-3, None, weight_decay=0.0, clip=None, fresh=False)


@pytest.mark.parametrize("name", RECIPES)
def test_joint_settings_of_one_task_differ_in_accumulation_only(name):
    for dataset in CARDS:
        alone = find_recipe(name).settings(dataset, 1000)
        assert joint_settings([alone]) == replace(alone, accumulation=1)


def test_joint_takes_the_largest_of_each():
    joint = joint_settings([Settings(8, 64, 1e-3, 0.3, 1e-4, 4), Settings(4, 128, 2e-3, 0.2, 5e-4)])
    assert joint == Settings(8, 128, 2e-3, 0.3, 5e-4, 1)


def test_an_unknown_recipe_is_one_line():
    with pytest.raises(UserError, match="^unknown recipe 'slow'; there are: " + ", ".join(RECIPES)):
        find_recipe("slow")
