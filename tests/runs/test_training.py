import pytest
import torch
from torch import nn

from chaoscl.config import build_spec
from chaoscl.runs.baseline import Baseline
from chaoscl.runs.execute import execute
from chaoscl.runs.training import CurvePlugin, RunFailedError, not_finite, training_sample
from chaoscl.streams import find_stream, materialise


def test_of_a_finite_model_nothing_is_named():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    model(torch.rand(4, 3)).sum().backward()
    assert not_finite(model) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda model, value: model[0].weight.data[1].fill_(value), "0.weight"),
        (lambda model, value: model[1].running_var.fill_(value), "1.running_var"),
        (lambda model, value: model[0].bias.grad.fill_(value), "the gradient of 0.bias"),
    ],
)
def test_the_first_tensor_that_is_not_finite_is_named(spoil, name, value):
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    model(torch.rand(4, 3)).sum().backward()
    with torch.no_grad():
        spoil(model, value)
    assert not_finite(model) == name


@pytest.mark.usefixtures("few_batches")
@pytest.mark.parametrize("model", ["chaos256", "mlp256"])
@pytest.mark.parametrize("baseline", ["naive", "replay", "gdumb", "joint", "independent"])
def test_a_run_whose_weights_are_not_finite_fails_naming_task_epoch_and_step(run, baseline, model, monkeypatch):
    original = CurvePlugin.after_training_iteration

    def spoil(self, strategy, *args, **kwargs):
        if self._name in ("mnist", "all"):
            next(strategy.model.trunk.parameters()).data[0, 0] = float("nan")
        original(self, strategy, *args, **kwargs)

    monkeypatch.setattr(CurvePlugin, "after_training_iteration", spoil)
    with pytest.raises(RunFailedError, match=r"^\S+ is no longer finite by step \d+ of epoch 1 of (mnist|all)$"):
        run(baseline, model=model)


@pytest.fixture
def own_optimiser():
    """Return a baseline with an optimiser of its own, an ordinary habit of Avalanche's users."""

    def build(setup):
        from avalanche.training.supervised import Naive

        return Naive(**setup.options() | {"optimizer": torch.optim.SGD(setup.model.parameters(), lr=0.1)})

    return Baseline(summary="SGD", build=build, source="-")


@pytest.mark.usefixtures("few_batches")
def test_the_steps_of_an_own_optimiser_are_counted(own_optimiser, tiny_bank):
    spec = build_spec("ag_news,mnist", "task", "chaos256", own_optimiser, 0, "quick")
    outcome = execute(spec, tiny_bank("ag_news", "mnist"))
    assert outcome.cost.optimiser_steps == 2 * 2 * 2


@pytest.mark.usefixtures("few_batches")
def test_a_diverging_optimiser_of_its_own_is_a_failed_run(tiny_bank):
    def build(setup):
        from avalanche.training.supervised import Naive

        return Naive(**setup.options() | {"optimizer": torch.optim.SGD(setup.model.parameters(), lr=1e38)})

    diverging = Baseline(summary="SGD", build=build, source="-", name="sgd")
    spec = build_spec("ag_news,mnist", "task", "chaos256", diverging, 0, "quick")
    with pytest.raises(RunFailedError):
        execute(spec, tiny_bank("ag_news", "mnist"))


def test_the_training_sample_is_fixed_drawn_from_training_rows_and_as_large_as_the_validation_part(tiny_bank):
    data = materialise(find_stream("ag_news"), "task", tiny_bank("ag_news"), 3)[0]
    one, two, other = training_sample(data, 3), training_sample(data, 3), training_sample(data, 4)
    assert torch.equal(one.references, two.references)
    assert not torch.equal(one.references, other.references)
    assert len(one) == len(data.validation)
    rows = {(int(row), int(label)) for (_, row), label in zip(data.train.references, data.train.targets, strict=True)}
    assert {(int(row), int(label)) for (_, row), label in zip(one.references, one.targets, strict=True)} <= rows


@pytest.mark.usefixtures("few_batches")
def test_the_training_accuracy_is_that_of_the_trained_network_on_the_sample(run, tiny_bank):
    outcome = run("mlp", stream="ag_news")
    data = materialise(find_stream("ag_news"), "task", tiny_bank("ag_news"), 0)[0]
    sample = training_sample(data, 0)
    network = outcome.networks[0].eval()
    right = network(sample.references, torch.zeros(len(sample), dtype=torch.int64)).argmax(dim=1) == sample.targets
    assert outcome.curves["train_accuracy"].iloc[-1] == pytest.approx(right.double().mean().item())
    assert (outcome.curves["running_train_accuracy"] != outcome.curves["train_accuracy"]).any()


@pytest.mark.usefixtures("few_batches")
@pytest.mark.parametrize("baseline", ["frozen", "independent"])
@pytest.mark.parametrize("order", ["given", "reversed"])
def test_a_model_that_does_not_change_shows_the_same_accuracy_in_the_next_row(run, baseline, order):
    matrix = run(baseline, order=order, repetitions=2).matrix
    for task in range(3):
        for row in range(task + 1, 3):
            assert matrix.mean[row + 1, task] == matrix.mean[task + 1, task]
            assert matrix.sd[row + 1, task] == matrix.sd[task + 1, task]
    assert (matrix.sd > 0).any()
