"""What trains baselines on tiny data."""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import pytest
import torch

from chaoscl.config import build_spec
from chaoscl.data import DATASETS, Bank
from chaoscl.runs import recipes
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.execute import Outcome, execute
from chaoscl.runs.retention import RetentionPlugin
from chaoscl.runs.training import CurvePlugin

STREAM = "ag_news,mnist,imdb"
CONTRACT = {
    "task": (STREAM, {"memory": 40, "memory_a_task": 15, "fisher_samples": 10}),
    "domain": ("ag_news,mnist,fashion_mnist", {"fisher_samples": 10}),
    "class": (STREAM, {"fisher_samples": 10}),
}
"""For each scenario its stream, and values of those hyper-parameters that a baseline has: few samples."""


@pytest.fixture
def few_batches(monkeypatch):
    """Make the quick recipe quick: two epochs of two batches a tiny task."""
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 4)


@pytest.fixture(scope="session")
def run(tiny_bank):
    """Return what trains a baseline on tiny data: the quick recipe on text, image, text, unless changes say else."""

    def train(name="naive", **changes):
        hyper = tuple(sorted(changes.pop("hyper", {}).items()))
        spec = build_spec(
            **{"stream": STREAM, "scenario": "task", "model": "chaos256", "seed": 0, "recipe": "quick"} | changes,
            baseline=name,
            hyper=hyper,
        )
        return execute(spec, tiny_bank(*spec.stream.datasets))

    return train


class Contract(NamedTuple):
    """A run of the contract.

    Attributes:
        outcome: what it left.
        budgets: the hyper-parameters it was given.
        mixed: whether a batch with a gradient held text and image.
        again: runs it once more.
    """

    outcome: Outcome
    budgets: dict[str, int]
    mixed: bool
    again: Callable[[], Outcome]


@pytest.fixture(scope="session")
def contract(run):
    """Return a function from a baseline and a scenario to its Contract, run once a session."""

    @cache
    def make(name, scenario="task"):
        stream, values = CONTRACT[scenario]
        budgets = {key: value for key, value in values.items() if key in BASELINES[name].hyper}
        again = partial(run, name, stream=stream, scenario=scenario, hyper=budgets, repetitions=1)
        mixed = False
        gather = Bank.gather

        def watched(self, references):
            nonlocal mixed
            groups = gather(self, references)
            kinds = {DATASETS[group.name].card.modality for group in groups}
            mixed |= torch.is_grad_enabled() and len(kinds) > 1
            return groups

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(recipes, "QUICK_BATCHES", 4)
            patch.setattr(Bank, "gather", watched)
            outcome = again()
        return Contract(outcome, budgets, mixed, again)

    return make


@pytest.fixture
def after_each(monkeypatch):
    """Return a list that fills with what the given function makes of the strategy after each experience."""

    def watch(make):
        found = []
        original = RetentionPlugin.after_training_exp

        def note(self, strategy, *args, **kwargs):
            found.append(make(strategy))
            original(self, strategy, *args, **kwargs)

        monkeypatch.setattr(RetentionPlugin, "after_training_exp", note)
        return found

    return watch


@pytest.fixture
def before_each(monkeypatch):
    """Return a list that fills with what the given function makes of the strategy as each experience begins."""

    def watch(make):
        found = []
        original = CurvePlugin.before_training_epoch

        def note(self, strategy, *args, **kwargs):
            if strategy.clock.train_exp_epochs == 0:
                found.append(make(strategy))
            original(self, strategy, *args, **kwargs)

        monkeypatch.setattr(CurvePlugin, "before_training_epoch", note)
        return found

    return watch


@pytest.fixture
def each_batch(monkeypatch):
    """Return a list that fills with what the given function makes of the strategy after each batch."""

    def watch(make):
        found = []
        original = CurvePlugin.after_training_iteration

        def note(self, strategy, *args, **kwargs):
            found.append(make(strategy))
            original(self, strategy, *args, **kwargs)

        monkeypatch.setattr(CurvePlugin, "after_training_iteration", note)
        return found

    return watch
