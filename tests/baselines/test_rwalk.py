"""Riemannian walk: two defects of Avalanche's, and what ours does instead."""

import torch
from avalanche.training.plugins import RWalkPlugin


def penalties(plugin):
    return torch.cat([entry.data.flatten() for entry in plugin.exp_penalties.values()])


def plugin_of(strategy):
    (found,) = [one for one in strategy.plugins if isinstance(one, RWalkPlugin)]
    return found


def statistics(lab):
    return lab.model.layers[1].num_batches_tracked.item()


def test_avalanche_s_own_still_leaves_the_model_in_evaluation_mode(lab):
    """When this fails, before_training_iteration in baselines/rwalk.py can go."""
    one = lab(conv=True)
    one.plugged(RWalkPlugin(delta_t=1))
    assert one.watch.training == [False] * 4
    assert statistics(one) == 0


def test_ours_trains_in_training_mode(lab):
    one = lab(conv=True)
    one.ours("rwalk", interval=1)
    assert one.watch.training == [True] * 4
    # Each step's own pass, and not the one for the Fisher information.
    assert statistics(one) == 4


def test_avalanche_s_own_still_divides_by_nothing_in_a_task_shorter_than_the_interval(lab):
    """When this fails, after_training_exp in baselines/rwalk.py can go."""
    one = lab()
    plugin = one.plugged(RWalkPlugin(delta_t=10))
    assert penalties(plugin).isnan().any()
    assert any(value.isnan().any() for value in one.watch.weights[1].values())


def test_ours_closes_the_last_interval_of_a_task_that_is_shorter(lab):
    one = lab()
    plugin = plugin_of(one.ours("rwalk", interval=10, rwalk_lambda=1.0))
    found = penalties(plugin)
    assert torch.isfinite(found).all()
    # Fisher information and score are each scaled to a highest value of 1.
    assert (found >= 0).all()
    assert 1 <= found.max() <= 2
    assert all(torch.isfinite(value).all() for value in one.watch.weights[1].values())


def test_our_penalty_changes_training_from_the_second_task_on(lab):
    weak, strong = lab(), lab()
    weak.ours("rwalk", rwalk_lambda=0.0)
    strong.ours("rwalk", rwalk_lambda=1.0)
    assert all(torch.equal(value, strong.watch.weights[0][name]) for name, value in weak.watch.weights[0].items())
    assert any(not torch.equal(value, strong.watch.weights[1][name]) for name, value in weak.watch.weights[1].items())


def test_closing_an_interval_that_is_closed_already_adds_nothing(lab):
    one, two = lab(rows=(16,)), lab(rows=(16,))
    ours = plugin_of(one.ours("rwalk", interval=2))
    stock = two.plugged(RWalkPlugin(ewc_lambda=0.1, ewc_alpha=0.9, delta_t=2))
    assert torch.equal(penalties(ours), penalties(stock))
