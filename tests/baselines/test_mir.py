"""MIR as published, by hand on a softmax regression: what is retrieved, and the step that is taken with it."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from avalanche.training.plugins import SupervisedPlugin
from torch.nn.functional import cross_entropy, one_hot

from chaoscl.runs.baseline import BASELINES

RATE, BATCH = 0.5, 8


class Batches(SupervisedPlugin):
    """Notes the batches of the second task."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def before_forward(self, strategy, *args, **kwargs):
        if strategy.experience.current_experience == 1:
            self.seen.append((strategy.mb_x.clone(), strategy.mb_y.clone()))


def train(lab, rows, **values):
    """Train MIR on two tasks, and return the laboratory and the batches of the second one."""
    one = lab(rows=rows, rate=RATE)
    # A softmax regression draws nothing; MIR asks a network's trunk for the same draws twice.
    one.model.noise, one.model.device = SimpleNamespace(seeded=lambda *_: nullcontext()), "cpu"
    batches, baseline, setup = Batches(), BASELINES["mir"], one.setup
    setup.plugins.append(batches)
    one.train(baseline.build(setup, **baseline.values(values)))
    return one, batches.seen


def gradients(weight, bias, x, y):
    """Return those of the mean cross-entropy of a softmax regression: (p - y) x' and p - y."""
    error = (x @ weight.T + bias).softmax(1) - one_hot(y, len(bias))
    return error.T @ x / len(x), error.mean(0)


def test_each_step_is_algorithm_1_by_hand(lab):
    """Aljundi et al. 2019, algorithm 1, where all of the memory are candidates: nothing is left to chance."""
    one, batches = train(lab, (24, 40), memory=24, candidates=3)
    memory, labels = one.inputs(0).flatten(1), torch.arange(24) % 3
    weight, bias = (one.watch.weights[0][f"layers.1.{name}"] for name in ("weight", "bias"))
    assert len(batches) == 5
    for inputs, y in batches:
        x = inputs.flatten(1)
        down, aside = gradients(weight, bias, x, y)
        before = cross_entropy(memory @ weight.T + bias, labels, reduction="none")
        after = cross_entropy(memory @ (weight - RATE * down).T + bias - RATE * aside, labels, reduction="none")
        worst = (after - before).argsort(descending=True)[:BATCH]
        assert (after - before)[worst].std() > 1e-3
        down, aside = gradients(weight, bias, torch.cat([x, memory[worst]]), torch.cat([y, labels[worst]]))
        weight, bias = weight - RATE * down, bias - RATE * aside
    torch.testing.assert_close(one.watch.weights[1]["layers.1.weight"], weight)
    torch.testing.assert_close(one.watch.weights[1]["layers.1.bias"], bias)


@pytest.mark.parametrize(("memory", "candidates", "drawn"), [(11, 1, 8), (24, 2, 16), (20, 5, 20), (5, 5, 5)])
def test_every_step_draws_as_many_candidates_from_the_whole_memory(lab, monkeypatch, memory, candidates, drawn):
    found = []
    original = torch.Tensor.topk

    def note(self, k, *args, **kwargs):
        found.append((len(self), k))
        return original(self, k, *args, **kwargs)

    monkeypatch.setattr(torch.Tensor, "topk", note)
    _, batches = train(lab, (24, 40), memory=memory, candidates=candidates)
    assert found == [(drawn, min(drawn, BATCH))] * len(batches)
