"""What the baselines do, beyond the contract that they all keep."""

import copy
from functools import partial

import pytest
import torch
from avalanche.benchmarks.utils import _make_taskaware_classification_dataset
from avalanche.training.plugins import EWCPlugin
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import TensorDataset

from chaoscl.models import MODELS
from chaoscl.models.network import HIDDEN_LOGIT
from chaoscl.runs import recipes
from chaoscl.runs.baseline import BASELINES, Setup
from chaoscl.runs.networks import build_network
from chaoscl.runs.optimiser import RecipeAdamW
from chaoscl.runs.recipes import Settings
from chaoscl.seeds import derive
from chaoscl.streams import Split, Task, TaskData, find_stream, layout, materialise

STREAM = "ag_news,mnist,imdb"
ROWS = 54

pytestmark = pytest.mark.usefixtures("few_batches")


@pytest.fixture(scope="module")
def tasks(tiny_bank):
    """The tasks of seed 0."""
    return materialise(find_stream(STREAM), "task", tiny_bank(*STREAM.split(",")), 0)


@pytest.fixture
def train(run):
    """Return what trains a baseline on the MLP, which is quicker than a cortex and draws no noise."""
    return partial(run, model="mlp256")


def parameters(strategy):
    return {name: parameter.detach().clone() for name, parameter in strategy.model.named_parameters()}


def pairs(references):
    return {tuple(pair) for pair in references.tolist()}


def moved(before, after, prefix):
    """The parameters of a part that are not bit for bit the same."""
    return [name for name in before if name.startswith(prefix) and not torch.equal(before[name], after[name])]


# What the tasks share, and what they do not.


@pytest.mark.parametrize("scenario", ["task", "class"])
def test_frozen_never_changes_the_trunk_and_trains_the_rest(run, after_each, tiny_bank, scenario):
    found = after_each(parameters)
    run("frozen", scenario=scenario)
    shown = layout(find_stream(STREAM), scenario)
    start = dict(
        build_network(MODELS["chaos256"], tiny_bank(*STREAM.split(",")), shown, derive(0, "init")).named_parameters()
    )
    for weights in found:
        assert not moved(start, weights, "trunk")
    assert moved(start, found[0], "heads.0")
    assert moved(start, found[0], "encoders.encoders.ag_news")
    assert moved(found[0], found[1], "encoders.encoders.mnist")
    assert moved(start, found[2], "heads.2")


def test_a_trunk_that_is_not_frozen_changes(train, after_each):
    found = after_each(parameters)
    train("naive")
    assert moved(found[0], found[1], "trunk")


def test_from_scratch_starts_every_task_from_the_same_weights(train, before_each, after_each):
    starts, ends = before_each(parameters), after_each(parameters)
    train("from_scratch")
    assert len(starts) == 3
    for start in starts[1:]:
        assert not moved(starts[0], start, "")
    assert moved(starts[0], ends[0], "heads.0")


def test_naive_starts_every_task_from_the_end_of_the_one_before(train, before_each, after_each):
    starts, ends = before_each(parameters), after_each(parameters)
    train("naive")
    for end, start in zip(ends[:-1], starts[1:], strict=True):
        assert not moved(end, start, "")
    assert moved(starts[0], starts[1], "heads.0")


def test_gdumb_starts_every_task_from_the_same_weights_and_learns(train, before_each, monkeypatch):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 40)
    starts = before_each(parameters)
    matrix = train("gdumb", stream="mnist,fashion_mnist", scenario="class").matrix.mean
    assert not moved(starts[0], starts[1], "")
    assert matrix[1, 0] > 0.6
    assert (matrix[2] > 0.4).all()


@pytest.mark.parametrize(
    "baseline",
    ["naive", "replay", "replay_class", "replay_reservoir", "der", "derpp", "er_ace", "mir_avalanche", "gem", "agem"],
)
def test_told_the_task_the_head_of_a_task_to_come_is_not_touched(train, before_each, after_each, baseline):
    starts, ends = before_each(parameters), after_each(parameters)
    train(baseline)
    assert not moved(starts[0], ends[0], "heads.1")
    assert not moved(starts[0], ends[1], "heads.2")
    assert moved(starts[0], ends[2], "heads.2")


@pytest.mark.parametrize("baseline", ["replay", "replay_class", "replay_reservoir", "der", "derpp", "er_ace"])
def test_replay_goes_on_training_the_heads_of_earlier_tasks(train, after_each, baseline):
    ends = after_each(parameters)
    train(baseline)
    assert moved(ends[0], ends[1], "heads.0")
    assert moved(ends[1], ends[2], "heads.0")
    assert moved(ends[1], ends[2], "heads.1")


def test_naive_leaves_the_heads_of_earlier_tasks_alone(train, after_each):
    ends = after_each(parameters)
    train("naive")
    assert not moved(ends[0], ends[2], "heads.0")
    assert not moved(ends[1], ends[2], "heads.1")


SMALL = ["replay", "replay_class", "replay_reservoir", "gdumb", "der", "derpp", "er_ace"]


@pytest.mark.parametrize("baseline", SMALL)
def test_a_memory_smaller_than_a_batch_is_replayed_too(train, after_each, baseline):
    ends = after_each(parameters)
    train(baseline, hyper={"memory": 20})
    assert moved(ends[0], ends[1], "heads.0")


# What is seen.


def test_joint_sees_every_training_row_of_every_task_and_no_other(train, each_batch, tasks):
    seen = each_batch(lambda strategy: strategy.mb_x.clone())
    train("joint")
    assert pairs(torch.cat(seen)) == set().union(*(pairs(data.train.references) for data in tasks))


def test_cumulative_sees_all_rows_of_the_tasks_so_far(train, before_each, tasks):
    seen = before_each(lambda strategy: pairs(torch.stack([sample[0] for sample in strategy.adapted_dataset])))
    train("cumulative")
    expected = set()
    for data, found in zip(tasks, seen, strict=True):
        expected |= pairs(data.train.references)
        assert found == expected


def test_naive_sees_the_rows_of_its_task_alone(train, each_batch, tasks):
    seen = each_batch(lambda strategy: strategy.mb_x.clone())
    train("naive")
    for number, data in enumerate(tasks):
        assert pairs(torch.cat(seen[4 * number : 4 * number + 4])) == pairs(data.train.references)


@pytest.mark.parametrize("baseline", ["replay", "replay_class", "replay_reservoir", "der", "derpp"])
def test_replayed_rows_are_training_rows_of_earlier_tasks(train, each_batch, tasks, baseline):
    seen = each_batch(lambda strategy: (strategy.experience.current_experience, strategy.mb_x.clone()))
    train(baseline, hyper={"memory": 40})
    for at, data in enumerate(tasks):
        found = set().union(*(pairs(references) for experience, references in seen if experience == at))
        replayed = found - pairs(data.train.references)
        assert replayed <= set().union(*(pairs(earlier.train.references) for earlier in tasks[:at]))
        assert len(replayed) <= 40
        assert bool(replayed) == (at > 0)


def test_gdumb_sees_its_memory_alone_and_as_many_batches_as_the_recipe_says(train, each_batch, monkeypatch):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 20)
    seen = each_batch(lambda strategy: (strategy.experience.current_experience, strategy.mb_x.clone()))
    train("gdumb", hyper={"memory": 12}, scenario="class")
    for at in range(3):
        batches = [references for experience, references in seen if experience == at]
        assert len(batches) == 20
        assert len(pairs(torch.cat(batches))) == 12


@pytest.mark.parametrize("scenario", ["task", "class"])
@pytest.mark.parametrize("memory", [8, 100])
def test_gdumb_takes_about_the_batches_of_the_recipe_whatever_its_memory(train, monkeypatch, scenario, memory):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 16)
    steps = train("gdumb", scenario=scenario, hyper={"memory": memory}).cost.optimiser_steps
    # Whole passes over the memory come within half a pass, which takes at most 4 batches a task.
    assert abs(steps - 3 * 16) <= 3 * 2


# Labels.


def labels_of(rows):
    return st.lists(st.integers(0, 3), min_size=rows, max_size=rows)


@given(targets=st.integers(0, 40).flatmap(labels_of), seed=st.integers(0, 10**6))
def test_random_labels_shuffles_the_training_labels_and_nothing_else(targets, seed):
    def part(start, labels):
        rows = torch.arange(start, start + len(labels))
        return Split(torch.stack([rows * 0, rows], dim=1), torch.tensor(labels, dtype=torch.int64))

    data = TaskData(Task("some", "ag_news"), 1, part(0, targets), part(100, [0, 1, 2]), part(200, [3, 2, 1]))
    shuffled = BASELINES["random_labels"].data(data, seed)
    assert sorted(shuffled.train.targets.tolist()) == sorted(targets)
    assert torch.equal(shuffled.train.references, data.train.references)
    assert data.train.targets.tolist() == targets
    assert shuffled.validation is data.validation
    assert shuffled.test is data.test
    assert (shuffled.task, shuffled.task_label) == (data.task, 1)
    again = BASELINES["random_labels"].data(data, seed)
    assert torch.equal(again.train.targets, shuffled.train.targets)


def test_random_labels_are_drawn_by_seed_and_task_and_leave_the_global_state(tasks):
    shuffle = BASELINES["random_labels"].data
    state = torch.get_rng_state()
    first = shuffle(tasks[1], 0).train.targets
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(first, tasks[1].train.targets)
    assert not torch.equal(first, shuffle(tasks[1], 1).train.targets)
    renamed = TaskData(Task("other", "mnist"), 1, tasks[1].train, tasks[1].validation, tasks[1].test)
    assert not torch.equal(first, shuffle(renamed, 0).train.targets)


def test_random_labels_stay_at_chance_where_naive_learns(train, monkeypatch):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 40)
    options = {"stream": "mnist,fashion_mnist"}
    random, naive = (train(name, **options).matrix.mean for name in ("random_labels", "naive"))
    assert (naive[2] > 0.6).all()
    assert (random[2] < 0.35).all()


@pytest.mark.parametrize("name", ["naive", "replay", "joint", "independent", "gdumb"])
def test_other_baselines_train_on_the_true_labels(name, tasks):
    assert BASELINES[name].data(tasks[0], 3) is tasks[0]


# Dark experience replay.


@pytest.mark.parametrize("baseline", ["der", "derpp"])
@pytest.mark.parametrize("scenario", ["task", "class"])
def test_der_stores_what_the_model_answers_with_no_class_hidden(train, after_each, baseline, scenario):
    found = after_each(lambda strategy: strategy.storage_policy.buffer)
    network = train(baseline, scenario=scenario, hyper={"memory": 40}, tasks=1).networks[0].eval()
    (buffer,) = found
    samples = [buffer[row] for row in range(40)]
    references, logits = (torch.stack([sample[field] for sample in samples]) for field in (0, 3))
    assert logits.shape == (40, 16)
    assert (logits > HIDDEN_LOGIT / 2).all()
    with torch.no_grad():
        torch.testing.assert_close(logits, network(references))


@pytest.mark.parametrize("baseline", ["der", "derpp"])
def test_the_stored_logits_of_classes_that_are_hidden_pull_on_nothing(train, after_each, baseline):
    """The first task has the classes 0 to 3: those alone may matter, whatever the memory holds for the others."""
    spoilt = []

    def spoil(strategy):
        for group in strategy.storage_policy.buffer_groups.values():
            for row in range(len(group.buffer)):
                group.buffer[row][3][spoilt] += 100.0

    after_each(spoil)
    results = []
    for classes in ([], range(4, 16), range(4)):
        spoilt[:] = classes
        network = train(baseline, hyper={"memory": 40}, tasks=2).networks[0]
        results.append({name: value.clone() for name, value in network.state_dict().items()})
    usual, hidden, shown = results
    assert not moved(usual, hidden, "")
    assert moved(usual, shown, "heads.0")


# Elastic weight consolidation.


class Linear(nn.Module):
    """Softmax regression that ignores task labels, as far as Avalanche needs a model."""

    def __init__(self, inputs, classes, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.layer = nn.Linear(inputs, classes)

    def forward(self, x, task_labels=None):
        return self.layer(x)


def fisher_plugin(model, **values):
    """The plugin of a strategy of ``ewc``."""
    baseline = BASELINES["ewc"]
    optimizer = RecipeAdamW(model.parameters())
    setup = Setup(model=model, optimizer=optimizer, batch=8, epochs=1, device="cpu", plugins=[])
    strategy = baseline.build(setup, **baseline.values(values))
    (plugin,) = [plugin for plugin in strategy.plugins if isinstance(plugin, EWCPlugin)]
    return plugin, optimizer


def data_set(inputs, targets):
    return _make_taskaware_classification_dataset(
        TensorDataset(inputs, targets), targets=targets.tolist(), task_labels=0
    )


def importances(model, inputs, targets, samples):
    plugin, optimizer = fisher_plugin(model, fisher_samples=samples)
    found = plugin.compute_importances(model, nn.CrossEntropyLoss(), optimizer, data_set(inputs, targets), "cpu", 8)
    return {name: value.data for name, value in found.items()}


def test_a_certain_model_has_no_fisher_information_whatever_the_labels_are():
    model = Linear(2, 3)
    with torch.no_grad():
        model.layer.weight.zero_()
        model.layer.bias.copy_(torch.tensor([50.0, 0.0, 0.0]))
    # The empirical Fisher information of these wrong labels would be 1 for the bias.
    found = importances(model, torch.ones(30, 2), torch.full((30,), 2), samples=30)
    assert all(value.abs().max() < 1e-6 for value in found.values())


def test_the_labels_of_the_data_do_not_matter():
    results = []
    for targets in (torch.zeros(40, dtype=torch.int64), torch.full((40,), 3)):
        torch.manual_seed(2)
        results.append(importances(Linear(3, 4), torch.randn(40, 3), targets, samples=40))
    assert all(torch.equal(results[0][name], results[1][name]) for name in results[0])


@pytest.mark.parametrize("baseline", ["ewc", "ewc_batch", "online_ewc"])
def test_a_large_lambda_holds_the_shared_weights(train, after_each, baseline):
    found = after_each(parameters)
    shifts = []
    for strength in (0.0, 1e9):
        found.clear()
        train(baseline, hyper={"ewc_lambda": strength}, tasks=2, stream="mnist,fashion_mnist")
        first, second = (weights["trunk.layers.0.weight"] for weights in found)
        shifts.append(float((second - first).abs().sum()))
    assert shifts[1] < shifts[0] / 2


def test_ewc_batch_s_importances_are_the_mean_squared_gradients_of_batches():
    model = Linear(3, 4)
    baseline = BASELINES["ewc_batch"]
    optimizer = RecipeAdamW(model.parameters())
    setup = Setup(model=model, optimizer=optimizer, batch=8, epochs=1, device="cpu", plugins=[])
    (plugin,) = [one for one in baseline.build(setup, **baseline.values()).plugins if isinstance(one, EWCPlugin)]
    inputs, targets = torch.randn(20, 3), torch.arange(20) % 4
    found = plugin.compute_importances(model, nn.CrossEntropyLoss(), optimizer, data_set(inputs, targets), "cpu", 8)
    squares = []
    for rows in (slice(0, 8), slice(8, 16), slice(16, 20)):
        loss = nn.functional.cross_entropy(model(inputs[rows]), targets[rows])
        squares.append(torch.autograd.grad(loss, model.layer.weight)[0] ** 2)
    torch.testing.assert_close(found["layer.weight"].data, sum(squares) / 3)


# Gradient episodic memory.


def test_with_accumulation_the_reference_gradient_is_that_of_the_memory_alone():
    model = Linear(3, 4)
    baseline = BASELINES["agem"]
    optimizer = RecipeAdamW(model.parameters())
    setup = Setup(model=model, optimizer=optimizer, batch=4, epochs=1, device="cpu", plugins=[])
    strategy = baseline.build(setup, memory_a_task=5, sample=5)
    (plugin,) = [plugin for plugin in strategy.plugins if hasattr(plugin, "reference_gradients")]
    inputs, targets = torch.randn(5, 3), torch.arange(5) % 4
    plugin.update_memory(data_set(inputs, targets))
    optimizer.begin(Settings(1, 4, 0.1, None, accumulation=4, clip=None), 8)
    model(torch.randn(4, 3), None).pow(2).sum().backward()
    optimizer.step()
    plugin.before_training_iteration(strategy)
    weights = list(model.parameters())
    expected = torch.autograd.grad(nn.functional.cross_entropy(model(inputs, None), targets), weights)
    torch.testing.assert_close(plugin.reference_gradients, torch.cat([gradient.flatten() for gradient in expected]))


# Learning without forgetting.


@pytest.mark.parametrize("baseline", ["lwf", "lwf_zero"])
def test_lwf_holds_the_old_head_to_the_old_model(train, after_each, tiny_bank, baseline):
    """The stronger the distillation, the nearer the old head's answers on new data are to what they were."""
    references = tiny_bank("mnist", "fashion_mnist").references("fashion_mnist", torch.arange(60))
    told = torch.zeros(60, dtype=torch.int64)

    def answers(strategy):
        network = copy.deepcopy(strategy.model).eval()
        with torch.no_grad():
            return network(references, told)[:, :10].softmax(1)

    found = after_each(answers)
    changes = []
    for alpha in (1e-6, 30.0):
        found.clear()
        train(baseline, stream="mnist,fashion_mnist", hyper={"alpha": alpha})
        before, after = found
        changes.append(float((after - before).abs().sum(1).mean()))
    assert changes[1] < changes[0] / 2


def test_with_zero_targets_not_told_the_task_lwf_keeps_new_classes_off_old_data(train, monkeypatch):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 40)
    options = {"stream": "mnist,fashion_mnist", "scenario": "class"}
    zero, own = (train(name, hyper={"alpha": 3.0}, **options).matrix.mean for name in ("lwf_zero", "lwf"))
    assert zero[1, 0] == own[1, 0]
    assert zero[2, 0] > own[2, 0] + 0.05
