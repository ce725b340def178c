from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import DATASETS
from chaoscl.errors import UserError
from chaoscl.runs.recipes import QUICK_BATCHES, RECIPES, SHORT_FRACTION, Settings, find_recipe


def test_the_seed_recipe_is_that_of_the_notes():
    seed = find_recipe("seed")
    assert {name: seed.settings(DATASETS[name], 50_000).epochs for name in DATASETS} == {
        "ag_news": 8,
        "imdb": 8,
        "fashion_mnist": 6,
        "mnist": 8,
        "cifar10": 10,
        "emnist_letters": 10,
        "addition": 100,
    }
    assert seed.settings(DATASETS["imdb"], 1000) == Settings(8, 64, 1e-3, 0.3, 1e-4, 4)
    assert seed.settings(DATASETS["mnist"], 1000) == Settings(8, 128, 2e-3, 0.2, 1e-4, 1)
    assert seed.settings(DATASETS["cifar10"], 1000) == Settings(10, 128, 2e-3, 0.2, 5e-4, 2)


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_standard_recipe_has_a_rate_and_epochs_of_its_own_and_does_not_accumulate(dataset):
    seed, standard = (RECIPES[name].settings(DATASETS[dataset], 50_000) for name in ("seed", "standard"))
    schedule = DATASETS[dataset].schedule
    rate, epochs = schedule.max_lr, schedule.epochs
    assert standard == replace(seed, max_lr=rate, epochs=epochs, accumulation=1)


@pytest.mark.parametrize("dataset", ["mnist", "imdb"])
def test_the_quick_recipe_aims_at_a_number_of_small_batches(dataset):
    settings = [find_recipe("quick").settings(DATASETS[dataset], rows) for rows in (32, 3200, 10**6)]
    assert [one.epochs for one in settings] == [QUICK_BATCHES, QUICK_BATCHES // 100, 1]
    assert {one.batch for one in settings} == {32}


SOME_ROWS = (("mnist", 10_000), ("ag_news", 5_000))
PLAIN = {"online": (10, 1e-3), "anchor-split": (128, 1e-3), "anchor-permuted": (128, 1e-4)}


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("name", PLAIN)
def test_plain_recipes_have_a_constant_rate_no_decay_and_no_clipping(name, dataset):
    batch, rate = PLAIN[name]
    settings = find_recipe(name).settings(DATASETS[dataset], 1000)
    assert (settings.batch, settings.max_lr) == (batch, rate)
    assert (settings.rise, settings.weight_decay, settings.clip, settings.accumulation) == (None, 0.0, None, 1)


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in PLAIN])
def test_the_other_recipes_have_a_cycle_decay_and_clipping(name):
    settings = find_recipe(name).settings(DATASETS["mnist"], 1000)
    assert (settings.rise, settings.weight_decay, settings.clip) == (0.2, 1e-4, 1.0)


def test_the_anchors_alone_keep_one_optimiser_for_all_tasks():
    kept = {name for name, recipe in RECIPES.items() if not recipe.settings(DATASETS["mnist"], 1000).fresh}
    assert kept == {"anchor-split", "anchor-permuted"}


@given(rows=st.integers(1, 10**6))
def test_online_sees_every_row_once(rows):
    assert find_recipe("online").settings(DATASETS["mnist"], rows).epochs == 1


@pytest.mark.parametrize(("name", "batches"), [("anchor-split", 2000), ("anchor-permuted", 5000)])
@given(rows=st.integers(1, 10**6), dataset=st.sampled_from(list(DATASETS)))
def test_the_anchors_come_as_near_to_their_batches_as_whole_epochs_can(name, batches, rows, dataset):
    settings = find_recipe(name).settings(DATASETS[dataset], rows)
    epoch = -(-rows // settings.batch)
    assert settings.epochs >= 1
    for other in (settings.epochs - 1, settings.epochs + 1):
        if other >= 1:
            assert abs(settings.epochs * epoch - batches) <= abs(other * epoch - batches)


def test_the_anchors_epochs_by_hand():
    # 54,000 digits in 422 batches of 128; a fifth of them in 85.
    assert find_recipe("anchor-permuted").settings(DATASETS["mnist"], 54_000).epochs == 12
    assert find_recipe("anchor-split").settings(DATASETS["mnist"], 10_800).epochs == 24


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_short_recipe_differs_from_the_standard_one_in_epochs_only(dataset):
    short, standard = (RECIPES[name].settings(DATASETS[dataset], 50_000) for name in ("short", "standard"))
    assert 1 <= short.epochs <= standard.epochs
    assert replace(short, epochs=standard.epochs) == standard
    if DATASETS[dataset].card.modality == "image":
        assert short.epochs == -(-standard.epochs // SHORT_FRACTION)


def test_every_recipe_is_listed_under_its_name_with_a_line():
    for name, recipe in RECIPES.items():
        assert recipe.name == name
        assert recipe.summary
        assert "\n" not in recipe.summary


@given(
    name=st.sampled_from(list(RECIPES)),
    dataset=st.sampled_from(list(DATASETS)),
    max_lr=st.none() | st.floats(1e-6, 1.0),
    epochs=st.none() | st.integers(1, 500),
    batch=st.none() | st.integers(1, 500),
)
def test_a_recipe_with_changes_has_these_for_every_data_set_and_the_rest_of_the_named_one(
    name, dataset, max_lr, epochs, batch
):
    given = {"max_lr": max_lr, "epochs": epochs, "batch": batch}
    changes = {key: value for key, value in given.items() if value is not None}
    text = name + ":" * bool(changes) + ",".join(f"{key}={value!r}" for key, value in changes.items())
    changed = find_recipe(text)
    assert changed.name == text
    plain = replace(RECIPES[name], batch=batch or RECIPES[name].batch).settings(DATASETS[dataset], 1000)
    assert changed.settings(DATASETS[dataset], 1000) == replace(plain, **changes)


@pytest.mark.parametrize(
    "change",
    ["", "epochs", "epochs=", "epochs=0", "epochs=-1", "epochs=1.5", "max_lr=0", "max_lr=nan", "max_lr=inf", "batch=x"],
)
def test_a_change_that_is_none_is_one_line(change):
    with pytest.raises(
        UserError, match=r"^--recipe 'standard:.*' is no change; write max_lr=0.005, epochs=8 or batch="
    ):
        find_recipe(f"standard:{change}")


def test_an_unknown_change_is_one_line():
    with pytest.raises(
        UserError, match=r"^unknown change in --recipe 'standard:epoch=1': 'epoch' .did you mean epochs"
    ):
        find_recipe("standard:epoch=1")


def test_an_unknown_recipe_is_one_line():
    with pytest.raises(UserError, match="^unknown recipe 'slow'; there are: " + ", ".join(RECIPES)):
        find_recipe("slow")
