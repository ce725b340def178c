"""Formulas of the strategies, solved by hand on a linear model of two weights.

The model answers two classes with the logits (a x, b x) of one input x, has no bias, and starts at a = 0.2, b = -0.1. A
step is plain gradient descent. With p = softmax(a x, b x), the cross-entropy's gradient for class y is
((p_a - [y = a]) x, (p_b - [y = b]) x).
"""

import math

import numpy as np
import pytest
import torch
from avalanche.benchmarks import benchmark_from_datasets, with_task_labels
from avalanche.benchmarks.utils import _make_taskaware_classification_dataset
from avalanche.training.plugins import (
    AGEMPlugin,
    EWCPlugin,
    LwFPlugin,
    MASPlugin,
    SynapticIntelligencePlugin,
)
from torch import nn
from torch.utils.data import TensorDataset

from chaoscl.runs.baseline import BASELINES, Setup

START = (0.2, -0.1)
RATE = 0.1


class TwoWeights(nn.Module):
    """Logits (n, 2) of inputs (n, 1)."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(START))

    def forward(self, x, task_labels=None):
        return x * self.weight


def one_task(*samples):
    """Return an experience's data set of samples (x, class)."""
    inputs, targets = zip(*samples, strict=True)
    found = TensorDataset(torch.tensor(inputs).unsqueeze(1), torch.tensor(targets))
    return _make_taskaware_classification_dataset(found, targets=list(targets), task_labels=0)


def learn(name, *tasks, batch=8, **changed):
    """Train a baseline on tasks of samples, one epoch each; return the strategy and the weights after each task."""
    model = TwoWeights()
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    baseline = BASELINES[name]
    strategy = baseline.build(Setup(model, optimizer, batch, 1, "cpu", []), **baseline.values(changed))
    torch.manual_seed(0)
    data = [one_task(*task) for task in tasks]
    ends = []
    for experience in with_task_labels(benchmark_from_datasets(train=data, test=data)).train_stream:
        strategy.train(experience, eval_streams=[])
        ends.append(model.weight.detach().double().numpy().copy())
    return strategy, ends


def plugin_of(strategy, kind):
    (found,) = [one for one in strategy.plugins if isinstance(one, kind)]
    return found


def softmax(logits):
    powers = np.exp(np.asarray(logits) - np.max(logits))
    return powers / powers.sum()


def gradient(weights, samples):
    """Return the gradient of the mean cross-entropy of samples (x, class)."""
    return np.mean([(softmax(weights * x) - np.eye(2)[y]) * x for x, y in samples], axis=0)


def step(weights, *gradients):
    return weights - RATE * sum(gradients)


FIRST, SECOND = ((1.0, 0), (2.0, 1)), ((-1.5, 0), (0.5, 0))
AFTER_FIRST = step(np.array(START), gradient(np.array(START), FIRST))
FREE = step(AFTER_FIRST, gradient(AFTER_FIRST, SECOND))
"""The second task's step from there without a strategy."""


def test_fine_tuning_is_what_it_is_by_hand():
    ends = learn("naive", FIRST, SECOND)[1]
    assert ends[0] == pytest.approx(AFTER_FIRST, abs=1e-6)
    assert ends[1] == pytest.approx(FREE, abs=1e-6)


# Elastic weight consolidation. Fisher of a: mean over samples of p_a (1 - p_a) x^2, by (1 - p_a)^2 p_a + p_a^2 p_b.


def test_ewc_s_fisher_information_and_step():
    strategy, ends = learn("ewc", FIRST, SECOND, ((1.0, 1),), ewc_lambda=3.0, fisher_samples=2)
    plugin = plugin_of(strategy, EWCPlugin)

    def fisher(weights, samples):
        spread = [softmax(weights * x)[0] * softmax(weights * x)[1] * x**2 for x, _ in samples]
        return np.full(2, np.mean(spread))

    information = [fisher(AFTER_FIRST, FIRST), fisher(FREE, SECOND)]
    assert plugin.importances[0]["weight"].data.numpy() == pytest.approx(information[0], rel=1e-5)
    # The second task starts where the first ended, so its single step feels no penalty.
    assert ends[1] == pytest.approx(FREE, abs=1e-6)
    assert plugin.importances[1]["weight"].data.numpy() == pytest.approx(information[1], rel=1e-5)
    # lambda / 2 F (w - w0)^2 has the gradient lambda F (w - w0); that of the second task is 0 here.
    pull = 3.0 * information[0] * (FREE - AFTER_FIRST)
    assert ends[2] == pytest.approx(step(FREE, gradient(FREE, [(1.0, 1)]), pull), abs=1e-6)


def test_ewc_batch_takes_the_square_of_the_batch_s_mean_gradient_and_no_half():
    strategy, ends = learn("ewc_batch", FIRST, SECOND, ((1.0, 1),), ewc_lambda=3.0)
    importance = gradient(AFTER_FIRST, FIRST) ** 2
    assert plugin_of(strategy, EWCPlugin).importances[0]["weight"].data.numpy() == pytest.approx(importance, rel=1e-4)
    pull = 2 * 3.0 * importance * (FREE - AFTER_FIRST)
    assert ends[2] == pytest.approx(step(FREE, gradient(FREE, [(1.0, 1)]), pull), abs=1e-6)


def test_online_ewc_s_old_importance_fades():
    strategy, ends = learn("online_ewc", FIRST, SECOND, ewc_lambda=0.0, decay=0.25)
    importance = 0.25 * gradient(ends[0], FIRST) ** 2 + gradient(ends[1], SECOND) ** 2
    assert plugin_of(strategy, EWCPlugin).importances[1]["weight"].data.numpy() == pytest.approx(importance, rel=1e-4)


# Synaptic intelligence: omega = sum over steps of -gradient * move, over the task's whole move squared plus damping.


def test_si_s_importance_adds_up_over_steps_and_tasks():
    tasks = (((1.0, 0), (1.0, 0)), ((-1.5, 0), (-1.5, 0)))
    strategy, ends = learn("si", *tasks, batch=1, si_lambda=4.0, damping=0.05)
    weights, anchor, omega = np.array(START), np.array(START), np.zeros(2)
    for number, samples in enumerate(tasks):
        path, start = np.zeros(2), weights
        for sample in samples:
            # lambda / 2 omega (w - w0)^2 has the gradient lambda omega (w - w0).
            slope = gradient(weights, [sample]) + (4.0 * omega * (weights - anchor) if number else 0.0)
            after = step(weights, slope)
            path += -slope * (after - weights)
            weights = after
        omega = omega + path / ((weights - start) ** 2 + 0.05)
        anchor = weights
        assert ends[number] == pytest.approx(weights, abs=1e-6)
    assert plugin_of(strategy, SynapticIntelligencePlugin).ewc_data[1]["weight"].data.numpy() == pytest.approx(
        omega, rel=1e-3
    )
    assert omega.max() > 0.01, "above Avalanche's cap of 0.001"


# Memory aware synapses: the gradient of |answer|^2 = (a x)^2 + (b x)^2 is (2 a x^2, 2 b x^2).


def test_mas_s_importance_and_penalty():
    strategy, ends = learn("mas", FIRST, SECOND, ((1.0, 1),), mas_lambda=0.7, alpha=0.25)

    def importance(weights, samples):
        return abs(2 * weights * np.mean([x**2 for x, _ in samples]))

    first, second = importance(AFTER_FIRST, FIRST), importance(FREE, SECOND)
    both = 0.25 * first + 0.75 * second
    last = 0.25 * both + 0.75 * importance(ends[2], [(1.0, 1)])
    assert plugin_of(strategy, MASPlugin).importance["weight"].data.numpy() == pytest.approx(last, rel=1e-4)
    assert ends[1] == pytest.approx(FREE, abs=1e-6)
    # The penalty of the third task is about the second's end, where it starts: no pull.
    assert ends[2] == pytest.approx(step(FREE, gradient(FREE, [(1.0, 1)])), abs=1e-6)


def test_mas_pulls_with_lambda_times_importance():
    _, ends = learn("mas", FIRST, ((-1.5, 0), (0.5, 0)), batch=1, mas_lambda=0.7, alpha=0.25)
    first = plugin_of(learn("mas", FIRST, batch=1, mas_lambda=0.7)[0], MASPlugin).importance["weight"].data.numpy()
    candidates = []
    for order in (SECOND, SECOND[::-1]):
        weights = ends[0]
        for sample in order:
            weights = step(weights, gradient(weights, [sample]), 2 * 0.7 * first * (weights - ends[0]))
        candidates.append(np.abs(weights - ends[1]).max())
    assert min(candidates) < 1e-6


# Gradient episodic memory.


def test_agem_s_step_loses_its_part_against_the_memory_s_gradient():
    """g - (g . r / r . r) r, where g . r < 0 (Chaudhry et al. 2019, equation 11)."""
    against = ((1.0, 1), (2.0, 0))
    strategy, ends = learn("agem", FIRST, against, memory_a_task=2, sample=2)
    g, r = gradient(AFTER_FIRST, against), gradient(AFTER_FIRST, FIRST)
    assert g @ r < 0
    assert ends[1] == pytest.approx(step(AFTER_FIRST, g - (g @ r) / (r @ r) * r), abs=1e-6)
    assert plugin_of(strategy, AGEMPlugin).reference_gradients.numpy() == pytest.approx(r, abs=1e-6)


@pytest.mark.parametrize("name", ["agem", "gem"])
def test_a_step_that_agrees_with_the_memory_is_left_alone(name):
    strength = {"strength": 0.5} if name == "gem" else {"sample": 2}
    g, r = gradient(AFTER_FIRST, FIRST), gradient(AFTER_FIRST, FIRST)
    assert g @ r > 0
    ends = learn(name, FIRST, FIRST, memory_a_task=2, **strength)[1]
    assert ends[1] == pytest.approx(step(AFTER_FIRST, g), abs=1e-6)


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_gem_s_step_is_the_dual_s_solution(strength):
    """With one constraint: g + v r with the least v >= strength that makes (g + v r) . r >= 0.

    The dual (Lopez-Paz & Ranzato 2017, equation 11) is: minimise v^2 (r . r + 0.001) / 2 + v g . r over v >= strength,
    where the authors' code adds 0.001 for the solver and shifts the bound by the strength.
    """
    against = ((1.0, 1), (2.0, 0))
    ends = learn("gem", FIRST, against, memory_a_task=2, strength=strength)[1]
    g, r = gradient(AFTER_FIRST, against), gradient(AFTER_FIRST, FIRST)
    v = max(strength, -(g @ r) / (r @ r + 1e-3))
    assert ends[1] == pytest.approx(step(AFTER_FIRST, g + v * r), abs=1e-6)


# Learning without forgetting: at temperature T the distillation's gradient is
# (softmax(now / T) - softmax(before / T)) x / T.


@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0])
@pytest.mark.parametrize("name", ["lwf", "lwf_zero"])
def test_lwf_s_distillation_depends_on_the_temperature(name, temperature):
    strategy, ends = learn(name, FIRST, ((-1.5, 0), (-1.5, 0)), batch=1, alpha=2.0, temperature=temperature)
    before = ends[0]
    weights, x = before, -1.5
    for _ in range(2):
        distilled = (softmax(weights * x / temperature) - softmax(before * x / temperature)) * x / temperature
        weights = step(weights, gradient(weights, [(x, 0)]), 2.0 * distilled)
    assert ends[1] == pytest.approx(weights, abs=1e-6)
    assert math.isclose(plugin_of(strategy, LwFPlugin).lwf.temperature, temperature)
