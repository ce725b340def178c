"""Every hyper-parameter that a baseline declares does something, and where its paper names a limit, it ends there.

That the same values give the same weights is a contract of its own (test_execute.py); without it a difference would say
nothing here.
"""

from functools import cache

import pytest
import torch
from avalanche.training.plugins import EWCPlugin, MASPlugin

from chaoscl.runs.baseline import BASELINES
from chaoscl.streams import Stream, split

STREAM = {tasks: Stream(f"mnist-{tasks}", split("mnist", (2,) * tasks)) for tasks in (2, 3)}
"""So many tasks of two classes. Not told apart, they share all weights, so each can hurt the others."""
SMALL = {"memory": 30, "memory_a_task": 12, "fisher_samples": 10, "candidates": 15, "sample": 9}
"""Budgets that bind on tiny data; the other hyper-parameters start from their file's values."""
FACTOR = 3
"""A value is changed to a third of itself: that lies in every range, and trains where the file's value does."""
DECLARED = [(name, key) for name in BASELINES for key in BASELINES[name].hyper]
STRENGTHS = [(name, key) for name, key in DECLARED if "_lambda" in key or (name.startswith("lwf") and key == "alpha")]


def start(name):
    """Return the values of a baseline from which one at a time is changed."""
    return {key: min(hyper.value, SMALL.get(key, hyper.value)) for key, hyper in BASELINES[name].hyper.items()}


@pytest.fixture(scope="module")
def outcome(run):
    """Return a function from a baseline, its values and a number of tasks to what training left."""

    def make(name, tasks=3, **values):
        words = {"scenario": "class", "model": "mlp256", "recipe": "online", "repetitions": 1}
        return run(name, stream=STREAM[tasks], hyper=values, **words)

    return make


@pytest.fixture(scope="module")
def trained(outcome):
    """Return a function like ``outcome``, but to all parameters in a row and the number of stored samples."""

    @cache
    def of(name, tasks, values):
        found = outcome(name, tasks, **dict(values))
        (network,) = found.networks
        return torch.cat([one.detach().flatten() for one in network.parameters()]), found.cost.stored_samples

    return lambda name, tasks=3, **values: of(name, tasks, tuple(sorted(values.items())))


@pytest.mark.parametrize(("name", "key"), DECLARED)
def test_contract_each_hyper_parameter_changes_the_weights_or_what_is_stored(trained, name, key):
    values = start(name)
    value = values[key] // FACTOR if isinstance(values[key], int) else values[key] / FACTOR
    before, stored = trained(name, **values)
    after, stored_after = trained(name, **values | {key: value})
    assert before.isfinite().all()
    assert after.isfinite().all()
    assert stored != stored_after or not torch.equal(before, after)


@pytest.mark.parametrize(("name", "key"), STRENGTHS)
def test_contract_a_penalty_of_strength_0_is_naive_fine_tuning(trained, name, key):
    assert torch.equal(trained(name, **start(name) | {key: 0.0})[0], trained("naive")[0])


def test_without_the_labels_of_the_memory_der_plus_plus_is_der_and_with_them_it_is_not(trained):
    """Buzzega et al. 2020, equations 5 and 6: DER++ adds beta times the loss on the memory's labels."""
    values = start("der")
    der, _ = trained("der", **values)
    assert torch.equal(trained("derpp", **values, beta=0.0)[0], der)
    assert not torch.equal(trained("derpp", **values, beta=start("derpp")["beta"])[0], der)


@pytest.mark.parametrize("decay", [0.0, 0.3, 1.0])
def test_with_one_earlier_task_online_ewc_is_ewc_whatever_its_decay(trained, decay):
    """Schwarz et al. 2018, section 3.2: the importances of one task have nothing to fade."""
    online, _ = trained("online_ewc", tasks=2, **start("online_ewc") | {"decay": decay})
    assert torch.equal(online, trained("ewc_batch", tasks=2, **start("ewc_batch"))[0])
    assert not torch.equal(online, trained("naive", tasks=2)[0])


def importances(strategy):
    """Return the importances in force, all parameters in a row; None before the first task."""
    (plugin,) = [one for one in strategy.plugins if isinstance(one, EWCPlugin | MASPlugin)]
    held = (
        plugin.importance
        if isinstance(plugin, MASPlugin)
        else plugin.importances.get(max(plugin.importances, default=0))
    )
    return torch.cat([one.data.flatten().clone() for one in held.values()]) if held else None


@pytest.mark.parametrize(
    ("name", "key", "old", "new"),
    [
        # Schwarz et al. 2018, section 3.2: decay times the old importances, plus those of the task.
        ("online_ewc", "decay", 0.25, 1.0),
        # Avalanche's MAS: alpha of the old importances, 1 - alpha of those of the task.
        ("mas", "alpha", 0.25, 0.75),
    ],
)
def test_old_importances_fade_by_the_value(outcome, before_each, name, key, old, new):
    found = before_each(importances)
    for value in (0.0, old):
        outcome(name, **start(name) | {key: value})
    # Before each of three tasks, twice. Up to the end of the second task the value has had nothing to act on.
    none, first, second, _, first_again, faded = found
    assert none is None
    assert torch.equal(first, first_again)
    assert not torch.equal(first, second)
    torch.testing.assert_close(faded, old * first + new * second)
