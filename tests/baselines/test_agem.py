"""A-GEM: Avalanche's cannot flatten channels-last gradients, ours stores the weights in the plain order."""

import pytest
import torch
from avalanche.training.plugins import AGEMPlugin
from avalanche.training.supervised import AGEM


def convolution(lab):
    return lab.model.layers[0].weight


def test_avalanche_s_own_still_fails_with_channels_last_weights(lab):
    """When this fails, baselines/agem.py need not store the weights anew."""
    one = lab(conv=True)
    assert not convolution(one).is_contiguous()
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        one.stock(AGEM, patterns_per_exp=8, sample_size=8)
    assert len(one.watch.weights) == 1


def test_ours_stores_the_weights_in_the_plain_order_and_trains(lab):
    one = lab(conv=True)
    before = convolution(one).detach().clone()
    one.ours("agem", memory_a_task=8, sample=8)
    assert convolution(one).is_contiguous()
    assert len(one.watch.weights) == 2
    assert not torch.equal(before, one.watch.weights[0]["layers.0.weight"])
    assert not torch.equal(one.watch.weights[0]["layers.0.weight"], one.watch.weights[1]["layers.0.weight"])
    assert all(torch.isfinite(value).all() for value in one.watch.weights[1].values())


def test_a_step_never_raises_the_loss_on_the_memory_to_first_order(lab, monkeypatch):
    products, projected = [], []
    after_backward = AGEMPlugin.after_backward

    def flat(strategy):
        return torch.cat([parameter.grad.flatten() for parameter in strategy.model.parameters()])

    def note(self, strategy, **kwargs):
        before = flat(strategy).clone() if self.buffers else None
        after_backward(self, strategy, **kwargs)
        if before is not None:
            products.append((flat(strategy) @ self.reference_gradients).item())
            projected.append(not torch.equal(before, flat(strategy)))

    monkeypatch.setattr(AGEMPlugin, "after_backward", note)
    lab(rows=(48, 48), conv=True).ours("agem", memory_a_task=16, sample=16)
    assert len(products) == 6
    assert min(products) > -1e-5
    assert any(projected)
