from collections import defaultdict
from itertools import pairwise

import pytest
import torch

from chaoscl.data import DATASETS
from chaoscl.runs.optimiser import RecipeAdamW
from chaoscl.runs.recipes import find_recipe

pytestmark = pytest.mark.usefixtures("few_batches")


@pytest.mark.parametrize("recipe", ["quick", "seed:epochs=2", "online"])
@pytest.mark.parametrize("scenario", ["task", "class"])
@pytest.mark.parametrize("stream", ["ag_news", "mnist"])
def test_joint_training_of_one_task_is_naive_training(run, stream, scenario, recipe):
    naive, joint = (run(name, stream=stream, scenario=scenario, recipe=recipe) for name in ("naive", "joint"))
    assert naive.matrix == joint.matrix
    first, second = (outcome.networks[0].state_dict() for outcome in (naive, joint))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert naive.curves.drop(columns="task").equals(joint.curves.drop(columns="task"))
    assert naive.cost.optimiser_steps == joint.cost.optimiser_steps


@pytest.fixture
def steps(monkeypatch):
    """Return a dict that fills with the rates, betas and decays of every step of each encoder, by its data set."""
    found = defaultdict(list)
    step = torch.optim.AdamW.step

    def note(self, closure=None):
        if isinstance(self, RecipeAdamW):
            (group,) = self.param_groups
            moved = {parameter for parameter in group["params"] if parameter.grad is not None}
            for name, parameter in found["names"].items():
                if parameter in moved:
                    found[name].append((group["lr"], group["betas"], group["weight_decay"]))
        return step(self, closure)

    monkeypatch.setattr(torch.optim.AdamW, "step", note)
    begin = RecipeAdamW.begin_together

    def watch(self, tasks):
        # One parameter of each encoder, found by its size: the embedding table and the first kernel.
        parameters = self.param_groups[0]["params"]
        found["names"] = {
            "ag_news": max((p for p in parameters if p.dim() == 2), key=len),
            "mnist": next(p for p in parameters if p.dim() == 4),
        }
        begin(self, tasks)

    monkeypatch.setattr(RecipeAdamW, "begin_together", watch)
    return found


@pytest.mark.parametrize("recipe", ["standard", "seed:epochs=3"])
def test_each_encoder_has_the_rates_steps_and_samples_of_the_sequence(run, steps, recipe):
    seen = {}
    for name in ("naive", "joint"):
        steps.clear()
        outcome = run(name, stream="ag_news,mnist", recipe=recipe)
        rates = {dataset: list(steps[dataset]) for dataset in ("ag_news", "mnist")}
        seen[name] = rates, outcome.cost.samples, outcome.cost.optimiser_steps
    assert seen["joint"] == seen["naive"]
    for dataset in ("ag_news", "mnist"):
        settings = find_recipe(recipe).settings(DATASETS[dataset], 54)
        rates = [rate for rate, _, _ in seen["joint"][0][dataset]]
        assert max(rates) <= settings.max_lr
        assert len(rates) == -(-settings.epochs // settings.accumulation)


def test_the_tasks_batches_alternate_in_a_drawn_order(run, each_batch):
    kinds = each_batch(lambda strategy: int(strategy.mb_x[0, 0]))
    run("joint", stream="ag_news,mnist", recipe="standard:epochs=4,batch=9")
    assert kinds.count(0) == kinds.count(1) == 24
    switches = sum(one != other for one, other in pairwise(kinds))
    assert 10 <= switches <= 40


def test_no_batch_mixes_tasks(run, each_batch):
    owners = each_batch(lambda strategy: strategy.mb_x[:, 0].unique().tolist())
    run("joint")
    assert all(len(found) == 1 for found in owners)
    assert {owner for (owner,) in owners} == {0, 1, 2}


def test_a_long_and_a_short_task_end_together(run, each_batch):
    kinds = each_batch(lambda strategy: int(strategy.mb_x[0, 0]))
    outcome = run("joint", stream="ag_news,cifar10", recipe="seed")
    epochs = [find_recipe("seed").settings(DATASETS[name], 54).epochs for name in ("ag_news", "cifar10")]
    assert [kinds.count(0), kinds.count(1)] == epochs
    assert outcome.curves["epoch"].tolist() == list(range(1, max(epochs) + 1))
