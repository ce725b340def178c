import numpy as np
import pytest
import torch

from chaoscl.models import ModelOptions
from chaoscl.runs import execute as execute_module
from chaoscl.runs import recipes
from chaoscl.runs.baseline import find_baselines, load_baseline
from chaoscl.runs.execute import execute
from chaoscl.runs.retention import RetentionPlugin, accuracies
from chaoscl.runs.spec import RunSpec
from chaoscl.runs.training import RunFailedError
from chaoscl.streams import find_stream, materialise

STREAM = "ag_news,mnist,imdb"
NAMES = STREAM.split(",")


@pytest.fixture(autouse=True)
def few_batches(monkeypatch):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 4)


def spec(baseline="naive", **changes):
    return RunSpec(
        **{
            "stream": STREAM,
            "scenario": "task",
            "model": "chaos256",
            "baseline": baseline,
            "seed": 0,
            "recipe": "quick",
        }
        | changes
    )


def run(bank, baseline="naive", **changes):
    return execute(spec(baseline, **changes), load_baseline(baseline), bank)


def weights(outcome):
    return {name: value.clone() for name, value in outcome.networks[0].state_dict().items()}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("scenario", ["task", "class"])
@pytest.mark.parametrize("baseline", find_baselines())
def test_contract_every_baseline_leaves_a_valid_matrix(tiny_bank, baseline, scenario):
    outcome = run(tiny_bank(*NAMES), baseline, scenario=scenario)
    matrix = outcome.matrix.mean
    assert matrix.shape == (4, 3)
    inner = matrix[1:-1]
    assert np.isnan(inner).all() if load_baseline(baseline).schedule == "joint" else np.isfinite(inner).all()
    assert np.isfinite(matrix[[0, -1]]).all()
    assert outcome.cost["optimiser_steps"] > 0
    assert outcome.cost["samples"] >= outcome.curves["epoch"].nunique() * 54


@pytest.mark.parametrize("baseline", find_baselines())
def test_contract_every_baseline_is_deterministic(tiny_bank, baseline):
    bank = tiny_bank(*NAMES)
    first = run(bank, baseline)
    torch.manual_seed(12345)
    np.random.seed(7)
    second = run(bank, baseline)
    assert first.matrix == second.matrix
    assert first.curves.equals(second.curves)
    assert same(weights(first), weights(second))


def test_seeds_differ(tiny_bank):
    bank = tiny_bank(*NAMES)
    assert not same(weights(run(bank)), weights(run(bank, seed=1)))


@pytest.mark.parametrize("baseline", ["naive", "ewc", "replay"])
def test_evaluation_never_changes_the_weights(tiny_bank, baseline, monkeypatch):
    bank = tiny_bank(*NAMES)
    usual = weights(run(bank, baseline))
    assert same(usual, weights(run(bank, baseline, repetitions=6)))

    class EveryEpoch(RetentionPlugin):
        def after_training_epoch(self, strategy, *args, **kwargs):
            self.record(0, [strategy.model] * len(self._tasks))

    monkeypatch.setattr(execute_module, "RetentionPlugin", EveryEpoch)
    assert same(usual, weights(run(bank, baseline)))

    class Never(RetentionPlugin):
        def record(self, row, networks):
            self._values[row] = 0.0

    monkeypatch.setattr(execute_module, "RetentionPlugin", Never)
    monkeypatch.setattr(execute_module.CurvePlugin, "_validate", lambda self, network, epoch: 0.0)
    assert same(usual, weights(run(bank, baseline)))


def test_the_data_order_is_the_same_for_the_cortex_and_the_mlp(tiny_bank, monkeypatch):
    seen = []
    original = execute_module.CurvePlugin.after_training_iteration

    def note(self, strategy, *args, **kwargs):
        seen.append(strategy.mb_x.clone())
        original(self, strategy, *args, **kwargs)

    monkeypatch.setattr(execute_module.CurvePlugin, "after_training_iteration", note)
    bank = tiny_bank(*NAMES)
    run(bank)
    cortex, seen = seen, []
    run(bank, "mlp")
    assert all(torch.equal(a, b) for a, b in zip(cortex, seen, strict=True))


def test_training_learns_and_replay_keeps(tiny_bank, monkeypatch):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 40)
    bank = tiny_bank("mnist", "fashion_mnist")
    options = {"stream": "mnist,fashion_mnist", "model": "mlp256", "scenario": "class"}
    naive, replay = (run(bank, name, **options).matrix.mean for name in ("naive", "replay"))
    assert naive[1, 0] > 0.6
    assert naive[2, 1] > 0.6
    assert naive[2, 0] < replay[2, 0] - 0.05


def test_independent_cannot_forget(tiny_bank):
    matrix = run(tiny_bank(*NAMES), "independent", model="mlp256").matrix.mean
    for column in range(3):
        learned = matrix[column + 1 :, column]
        assert (learned == learned[0]).all()
        assert (matrix[: column + 1, column] == matrix[0, column]).all()


def test_the_evaluation_s_noise_depends_on_its_place_only(tiny_bank):
    bank = tiny_bank(*NAMES)
    few, many = run(bank, repetitions=1), run(bank, repetitions=1, baseline="ewc")
    assert (few.matrix.mean[:2] == many.matrix.mean[:2]).all()


def test_accuracies_leave_no_trace(tiny_bank):
    bank = tiny_bank(*NAMES)
    network = run(bank).networks[0].train()
    network.trunk.eval()
    task = materialise(find_stream(STREAM), "task", bank, 0)[1]
    state, before = torch.get_rng_state(), {k: v.clone() for k, v in network.state_dict().items()}
    modes = {name: module.training for name, module in network.named_modules()}
    generator = network.noise.generator.get_state()
    first = accuracies(network, task.test, task.task_label, [1, 2, 1])
    assert first[0] == first[2]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(network.noise.generator.get_state(), generator)
    assert {name: module.training for name, module in network.named_modules()} == modes
    assert same(before, network.state_dict())


def test_accuracy_is_the_share_of_right_answers(tiny_bank):
    bank = tiny_bank(*NAMES)
    network = run(bank, model="mlp256").networks[0].eval()
    task = materialise(find_stream(STREAM), "task", bank, 0)[2]
    with torch.no_grad():
        answers = network(task.test.references, torch.full((30,), 2)).argmax(1)
    expected = (answers == task.test.targets).double().mean().item()
    assert accuracies(network, task.test, 2, [0])[0] == pytest.approx(expected)


def test_curves_have_a_row_an_epoch(tiny_bank):
    curves = run(tiny_bank(*NAMES)).curves
    assert curves[["experience", "task", "epoch"]].values.tolist() == [
        [number + 1, name, epoch] for number, name in enumerate(NAMES) for epoch in range(1, 3)
    ]
    assert curves["validation_accuracy"].between(0, 1).all()
    assert (curves.groupby("experience")["learning_rate"].last() < 1e-2).all()


def test_a_loss_that_is_not_finite_ends_the_run(tiny_bank, monkeypatch):
    monkeypatch.setattr(torch.nn.CrossEntropyLoss, "forward", lambda self, logits, target: logits.sum() * float("nan"))
    with pytest.raises(RunFailedError, match="training loss is nan in epoch 1 of ag_news"):
        run(tiny_bank(*NAMES))


@pytest.mark.parametrize("options", [ModelOptions(encoders="modality"), ModelOptions("dataset", "global", "feedback")])
def test_variations_of_the_model_train(tiny_bank, options):
    assert np.isfinite(run(tiny_bank(*NAMES), options=options).matrix.mean).all()


def test_threads_are_put_back(tiny_bank):
    before = torch.get_num_threads()
    run(tiny_bank(*NAMES))
    assert torch.get_num_threads() == before
