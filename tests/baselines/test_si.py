"""Synaptic intelligence: the defect of Avalanche's on a CPU, and what ours does instead."""

import pytest
import torch
from avalanche.training.plugins import SynapticIntelligencePlugin


def importances(plugin):
    return torch.cat([entry.data for entry in plugin.ewc_data[1].values()])


def plugin_of(strategy):
    (found,) = [one for one in strategy.plugins if isinstance(one, SynapticIntelligencePlugin)]
    return found


def test_avalanche_s_own_still_finds_no_weight_important_on_a_cpu(lab):
    """When this fails, Avalanche notes copies of the weights, and baselines/si.py can use its plugin as it is."""
    one = lab(rows=(16,))
    before = [parameter.detach().clone() for parameter in one.model.parameters()]
    plugin = one.plugged(SynapticIntelligencePlugin(si_lambda=1.0, eps=0.1))
    assert not any(torch.equal(old, new) for old, new in zip(before, one.model.parameters(), strict=True))
    assert (importances(plugin) == 0).all()


def test_avalanche_s_own_still_trains_like_fine_tuning_on_a_cpu(lab):
    weak, strong = lab(), lab()
    weak.plugged(SynapticIntelligencePlugin(si_lambda=0.0, eps=0.1))
    strong.plugged(SynapticIntelligencePlugin(si_lambda=1e3, eps=0.1))
    assert all(torch.equal(value, strong.watch.weights[1][name]) for name, value in weak.watch.weights[1].items())


def test_ours_finds_weights_important_by_their_path(lab):
    one = lab(rows=(8,))
    start = {name: parameter.detach().clone() for name, parameter in one.model.named_parameters()}
    plugin = plugin_of(one.ours("si", damping=0.5))
    assert (importances(plugin) > 0).any()
    # One step: the path's contribution is minus gradient times move, and the move is minus rate times gradient.
    for name, parameter in one.model.named_parameters():
        move = (parameter.detach() - start[name]).flatten()
        gradient = -move / 0.1
        expected = -gradient * move / (move**2 + 0.5)
        assert plugin.ewc_data[1][name].data == pytest.approx(expected, abs=1e-6)
        assert torch.equal(plugin.ewc_data[0][name].data, parameter.detach().flatten())


def test_our_penalty_begins_with_the_second_task_and_holds_important_weights(lab):
    weak, strong = lab(), lab()
    weak.ours("si", si_lambda=0.0)
    plugin = plugin_of(strong.ours("si", si_lambda=10.0))
    after_first, free = weak.watch.weights
    assert all(torch.equal(value, strong.watch.weights[0][name]) for name, value in after_first.items())
    held = strong.watch.weights[1]
    assert any(not torch.equal(value, held[name]) for name, value in free.items())
    weight = importances(plugin).clamp(min=0)

    def moved(weights):
        return (weight * torch.cat([(weights[name] - after_first[name]).flatten() for name in weights]) ** 2).sum()

    assert moved(held) < 0.9 * moved(free)


def test_ours_works_on_channels_last_weights(lab):
    plugin = plugin_of(lab(conv=True).ours("si"))
    found = importances(plugin)
    assert torch.isfinite(found).all()
    assert (found > 0).any()
