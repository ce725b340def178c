import math
import random
from dataclasses import asdict

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from chaoscl.data import DATASETS
from chaoscl.evaluation import schema
from chaoscl.models import MODELS, TRUNKS
from chaoscl.models.network import untrained_parameters
from chaoscl.runs import execute as execute_module
from chaoscl.runs import recipes
from chaoscl.runs import retention as retention_module
from chaoscl.runs import training as training_module
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.execute import reproducible
from chaoscl.runs.networks import build_network
from chaoscl.runs.retention import RetentionPlugin, accuracies
from chaoscl.runs.training import RunFailedError
from chaoscl.seeds import derive
from chaoscl.streams import SCENARIOS, Stream, Task, find_stream, layout, materialise, split, views, whole

STREAM = "ag_news,mnist,imdb"
NAMES = STREAM.split(",")
ROWS = 54
REHEARSING = {
    "agem",
    "cumulative",
    "der",
    "derpp",
    "er_ace",
    "gdumb",
    "mir",
    "mir_avalanche",
    "replay",
    "replay_class",
    "replay_reservoir",
}
"""Baselines that pass samples of several tasks through the network at once."""
PENALTIES = {"ewc", "ewc_batch", "online_ewc", "mas", "si"}
"""Baselines whose penalty gives parameters that the task does not need a gradient of zero instead of none."""
A_TASK_APART = {"gem"}
"""Baselines that keep samples and pass those of each task alone."""

pytestmark = pytest.mark.usefixtures("few_batches")


def weights(outcome):
    return {name: value.clone() for name, value in outcome.networks[0].state_dict().items()}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("baseline", BASELINES)
def test_contract_every_baseline_leaves_a_valid_matrix_curves_and_cost(contract, baseline, scenario):
    outcome = contract(baseline, scenario).outcome
    matrix = outcome.matrix.mean
    assert matrix.shape == (4, 3)
    inner = matrix[1:-1]
    assert np.isnan(inner).all() if BASELINES[baseline].schedule == "joint" else np.isfinite(inner).all()
    assert np.isfinite(matrix[[0, -1]]).all()
    assert all(value.isfinite().all() for value in weights(outcome).values())
    assert list(outcome.curves.columns) == list(schema.CURVES.header)
    assert np.isfinite(outcome.curves["loss"]).all()
    cost = asdict(outcome.cost)
    assert all(value >= 0 for value in cost.values())
    assert outcome.cost.optimiser_steps > 0
    assert outcome.cost.samples >= outcome.curves["epoch"].nunique() * ROWS
    assert outcome.cost.forward_samples >= outcome.cost.samples
    assert outcome.cost.macs > 0
    assert (outcome.cost.spike_operations > 0) == (baseline != "mlp")
    assert outcome.cost.parameters >= outcome.cost.parameters_trainable > 0
    assert outcome.cost.parameters >= outcome.cost.parameters_touched > 0


@pytest.mark.parametrize("baseline", BASELINES)
def test_contract_parameters_that_no_gradient_reaches_are_not_touched(contract, baseline):
    result = contract(baseline)
    fresh = build_network(
        BASELINES[baseline].model(MODELS["chaos256"]),
        result.outcome.networks[0].bank,
        layout(find_stream(STREAM), "task"),
        derive(0, "init"),
    )
    before = dict(fresh.trunk.named_parameters())
    # A penalty's zero gradient lets weight decay move idle parameters, a little; docs/footguns.md says so.
    tolerance = 1e-4 if baseline in PENALTIES else 0.0
    for name in untrained_parameters(fresh.trunk):
        after = result.outcome.networks[0].trunk.get_parameter(name)
        torch.testing.assert_close(after, before[name], rtol=tolerance, atol=0.0)
    if baseline not in PENALTIES:
        assert result.outcome.cost.parameters_touched <= result.outcome.cost.parameters_trainable


@pytest.mark.parametrize("baseline", BASELINES)
def test_contract_every_baseline_is_deterministic(contract, baseline):
    first = contract(baseline)
    torch.manual_seed(12345)
    np.random.seed(7)
    second = first.again()
    assert first.outcome.matrix == second.matrix
    assert first.outcome.curves.equals(second.curves)
    assert same(weights(first.outcome), weights(second))
    volatile = {"seconds": 0, "peak_memory_bytes": 0}
    assert asdict(first.outcome.cost) | volatile == asdict(second.cost) | volatile


@pytest.mark.parametrize("baseline", BASELINES)
def test_contract_a_run_without_any_evaluation_has_the_same_weights(contract, baseline, monkeypatch):
    class Never(RetentionPlugin):
        def record(self, row, networks):
            self._values[row] = 0.0

    usual = contract(baseline)
    monkeypatch.setattr(execute_module, "RetentionPlugin", Never)
    monkeypatch.setattr(execute_module.CurvePlugin, "_accuracy", lambda self, network, rows, epoch: 0.0)
    outcome = usual.again()
    assert (outcome.matrix.mean[[0, -1]] == 0).all()
    assert same(weights(usual.outcome), weights(outcome))
    assert outcome.cost.macs == usual.outcome.cost.macs
    assert outcome.cost.spike_operations == usual.outcome.cost.spike_operations


@pytest.mark.parametrize("baseline", BASELINES)
def test_contract_no_baseline_keeps_more_samples_than_its_budget(contract, baseline):
    result = contract(baseline)
    stored = result.outcome.cost.stored_samples
    assert baseline in REHEARSING | A_TASK_APART or stored == 0
    if "memory" in result.budgets:
        assert stored == result.budgets["memory"]
    elif "memory_a_task" in result.budgets:
        assert stored == 3 * result.budgets["memory_a_task"]
    else:
        assert stored == (3 * ROWS if baseline == "cumulative" else 0)
    assert (result.outcome.cost.stored_raw_bytes > 0) == (stored > 0)


@pytest.mark.parametrize("baseline", BASELINES)
def test_contract_what_is_said_to_be_stored_is_what_is_found(contract, baseline):
    kept = contract(baseline).outcome.cost.stored_bytes
    # A model for each task is counted among the parameters; all data at once is not kept from task to task.
    assert (kept > 0) == (BASELINES[baseline].stores not in SAID_NOT_TO_BE_KEPT)


SAID_NOT_TO_BE_KEPT = ("nothing", "a model for each task", "nothing, but sees all data at once")


@pytest.mark.parametrize("scenario", ["task", "class"])
@pytest.mark.parametrize("baseline", BASELINES)
def test_contract_those_that_rehearse_train_on_text_and_image_in_one_batch(contract, baseline, scenario):
    small = (
        scenario == "task" and baseline == "mir_avalanche"
    )  # leaves recent classes out: with a small memory, too few are left
    assert contract(baseline, scenario).mixed == (baseline in REHEARSING and not small)


@pytest.mark.parametrize("baseline", BASELINES)
def test_contract_in_domain_the_two_image_tasks_share_a_head(contract, baseline):
    outcome = contract(baseline, "domain").outcome
    for network in outcome.networks:
        assert [head.out_features for head in network.heads] == [4, 10]
    assert outcome.matrix.tasks == ("ag_news", "mnist", "fashion_mnist")


def test_the_lists_above_name_baselines_that_there_are():
    assert set(BASELINES) >= (REHEARSING | A_TASK_APART)
    said = {BASELINES[name].stores for name in BASELINES}
    assert set(SAID_NOT_TO_BE_KEPT) <= said


def test_seeds_differ(run):
    assert not same(weights(run()), weights(run(seed=1)))


@pytest.mark.parametrize("baseline", ["naive", "ewc", "replay"])
def test_more_evaluation_never_changes_the_weights(run, baseline, monkeypatch):
    usual = weights(run(baseline))
    assert same(usual, weights(run(baseline, repetitions=6)))

    class EveryEpoch(RetentionPlugin):
        def after_training_epoch(self, strategy, *args, **kwargs):
            self.record(0, [strategy.model] * len(self._tasks))

    monkeypatch.setattr(execute_module, "RetentionPlugin", EveryEpoch)
    assert same(usual, weights(run(baseline)))


def test_the_data_order_is_the_same_for_the_cortex_and_the_mlp(run, each_batch):
    seen = each_batch(lambda strategy: strategy.mb_x.clone())
    run()
    cortex = list(seen)
    seen.clear()
    run("mlp")
    assert cortex
    assert all(torch.equal(a, b) for a, b in zip(cortex, seen, strict=True))


def test_training_learns_and_replay_keeps(run, monkeypatch):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 40)
    options = {"stream": "mnist,fashion_mnist", "model": "mlp256", "scenario": "class"}
    naive, replay = (run(name, **options).matrix.mean for name in ("naive", "replay"))
    assert naive[1, 0] > 0.6
    assert naive[2, 1] > 0.6
    assert naive[2, 0] < replay[2, 0] - 0.05


def test_independent_cannot_forget(run):
    matrix = run("independent", model="mlp256").matrix.mean
    for column in range(3):
        learned = matrix[column + 1 :, column]
        assert (learned == learned[0]).all()
        assert (matrix[: column + 1, column] == matrix[0, column]).all()


def test_the_evaluation_s_noise_depends_on_its_place_only(run):
    few, many = run(repetitions=1), run("ewc", repetitions=1)
    assert (few.matrix.mean[:2] == many.matrix.mean[:2]).all()


def test_accuracies_leave_no_trace(run, tiny_bank):
    network = run().networks[0].train()
    network.trunk.eval()
    task = materialise(find_stream(STREAM), "task", tiny_bank(*NAMES), 0)[1]
    state, before = torch.get_rng_state(), {k: v.clone() for k, v in network.state_dict().items()}
    modes = {name: module.training for name, module in network.named_modules()}
    generator = network.noise.generator.get_state()
    counted = network.meter.forward_samples, network.meter.macs, network.meter.spike_operations
    first = accuracies(network, task.test, task.task_label, [1, 2, 1])
    assert first[0] == first[2]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(network.noise.generator.get_state(), generator)
    assert {name: module.training for name, module in network.named_modules()} == modes
    assert same(before, network.state_dict())
    assert (network.meter.forward_samples, network.meter.macs, network.meter.spike_operations) == counted


def test_accuracy_is_the_share_of_right_answers(run, tiny_bank):
    network = run(model="mlp256").networks[0].eval()
    task = materialise(find_stream(STREAM), "task", tiny_bank(*NAMES), 0)[2]
    with torch.no_grad():
        answers = network(task.test.references, torch.full((30,), 2)).argmax(1)
    expected = (answers == task.test.targets).double().mean().item()
    assert accuracies(network, task.test, 2, [0])[0] == pytest.approx(expected)


@pytest.mark.parametrize("part", ["test", "validation"])
def test_the_part_that_is_asked_for_is_evaluated(run, tiny_bank, part):
    outcome = run(part=part, repetitions=2)
    for column, task in enumerate(materialise(find_stream(STREAM), "task", tiny_bank(*NAMES), 0)):
        seeds = [derive(0, "evaluation", task.task.name, repetition) for repetition in range(2)]
        expected = accuracies(outcome.networks[0], getattr(task, part), task.task_label, seeds)
        assert outcome.matrix.mean[3, column] == pytest.approx(expected.mean())
        rows = {"test": 30, "validation": 6}[part]
        assert math.isclose(expected[0] * rows, round(expected[0] * rows), abs_tol=1e-9)


def test_the_part_that_is_evaluated_changes_no_weight(run):
    assert same(weights(run(part="validation")), weights(run()))


@pytest.mark.parametrize("baseline", ["naive", "joint", "independent"])
def test_of_a_number_of_tasks_the_first_are_learned_and_evaluated(run, baseline):
    outcome = run(baseline, tasks=2)
    assert outcome.matrix.tasks == ("ag_news", "mnist")
    assert outcome.matrix.mean.shape == (3, 2)
    assert len(outcome.networks[0].heads) == 3


def test_the_first_tasks_are_learned_as_in_the_whole_stream(run):
    short, long = run(tasks=2), run()
    assert (short.matrix.mean == long.matrix.mean[:3, :2]).all()


@pytest.mark.parametrize("baseline", ["naive", "joint", "independent"])
def test_curves_validate_on_validation_rows_and_never_see_a_test_row(run, tiny_bank, baseline, monkeypatch):
    passed = []
    original = training_module.accuracies

    def note(network, split, *others):
        passed.append(split.references.tolist())
        return original(network, split, *others)

    monkeypatch.setattr(training_module, "accuracies", note)
    outcome = run(baseline)
    tasks = materialise(find_stream(STREAM), "task", tiny_bank(*NAMES), 0)
    tests = {tuple(pair) for task in tasks for pair in task.test.references.tolist()}
    assert not tests & {tuple(pair) for references in passed for pair in references}
    for task in tasks:
        held_out = task.validation.references.tolist()
        assert not {tuple(pair) for pair in held_out} & {tuple(pair) for pair in task.train.references.tolist()}
        assert passed.count(held_out) == outcome.curves["epoch"].max()


def test_the_last_validation_accuracy_is_that_of_the_trained_network_on_the_validation_rows(run, tiny_bank):
    outcome = run()
    task = materialise(find_stream(STREAM), "task", tiny_bank(*NAMES), 0)[2]
    last = outcome.curves.iloc[-1]
    seed = derive(0, "validation", 2, task.task.name, int(last["epoch"]))
    expected = accuracies(outcome.networks[0], task.validation, task.task_label, [seed])
    assert last["validation_accuracy"] == expected[0]


def test_each_experience_has_an_order_and_a_noise_of_its_own_from_the_seed(run, before_each):
    seeds = before_each(lambda strategy: (torch.initial_seed(), strategy.model.noise.generator.initial_seed()))
    run(seed=4)
    assert seeds == [(derive(4, "order", number), derive(4, "noise", number)) for number in range(3)]
    assert len({seed for pair in seeds for seed in pair}) == 6


def test_the_recipe_s_weight_decay_reaches_the_optimiser(run, each_batch):
    decays = each_batch(lambda strategy: {group["weight_decay"] for group in strategy.optimizer.param_groups})
    run()
    recipe = recipes.find_recipe("quick")
    settings = [recipe.settings(DATASETS[name], ROWS).weight_decay for name in NAMES]
    assert min(settings) > 0
    assert decays == [{decay} for decay in settings for _ in range(len(decays) // 3)]


def test_curves_have_a_row_an_epoch(run):
    curves = run().curves
    assert curves[["experience", "task", "epoch"]].values.tolist() == [
        [number + 1, name, epoch] for number, name in enumerate(NAMES) for epoch in range(1, 3)
    ]
    assert curves["validation_accuracy"].between(0, 1).all()
    assert (curves.groupby("experience")["learning_rate"].last() < 1e-2).all()


def test_a_plain_recipe_keeps_its_rate_and_sees_each_sample_once(run, each_batch):
    sizes = each_batch(lambda strategy: len(strategy.mb_y))
    outcome = run(recipe="online")
    assert outcome.curves["learning_rate"].tolist() == [1e-3] * 3
    assert sizes == [10, 10, 10, 10, 10, 4] * 3
    assert (outcome.cost.samples, outcome.cost.optimiser_steps) == (3 * ROWS, 18)


def test_a_loss_that_is_not_finite_ends_the_run(run, monkeypatch):
    monkeypatch.setattr(torch.nn.CrossEntropyLoss, "forward", lambda self, logits, target: logits.sum() * float("nan"))
    with pytest.raises(RunFailedError, match=r"is no longer finite by step \d+ of epoch 1 of ag_news"):
        run()


@pytest.mark.parametrize(
    "model",
    [
        "chaos256:encoders=modality",
        "chaos256:pool=global,mode=feedback",
        *(f"chaos256:trunk={name}" for name in TRUNKS),
    ],
)
def test_variations_of_the_model_train(run, model):
    assert np.isfinite(run(model=model).matrix.mean).all()


@pytest.mark.parametrize("order", ["reversed", "3-1-2", "shuffle"])
def test_tasks_are_learned_in_the_order_that_is_asked_for(run, order):
    tasks = [task.name for task in find_stream(STREAM).ordered(order, 5).tasks]
    outcome = run(order=order, seed=5)
    assert list(outcome.matrix.tasks) == tasks
    assert list(dict.fromkeys(outcome.curves["task"])) == tasks


def test_a_stream_of_permuted_tasks_is_learned_through_its_views(run, each_batch):
    seen = each_batch(lambda strategy: strategy.mb_x[:, 0].unique().tolist())
    outcome = run("replay", stream="permuted-mnist", model="mlp400", scenario="domain", hyper={"memory": 20}, tasks=3)
    network = outcome.networks[0]
    assert [head.out_features for head in network.heads] == [10]
    expected = views(find_stream("permuted-mnist"), 0)
    assert [view.name for view in network.bank.views] == [view.name for view in expected]
    assert all(torch.equal(one.order, other.order) for one, other in zip(network.bank.views, expected, strict=True))
    # The data set is number 0 of the bank, the views are those after it.
    assert [sorted({owner for owners in seen[at : at + 4] for owner in owners}) for at in (0, 4, 8)] == [
        [1],
        [1, 2],
        [1, 2, 3],
    ]
    assert (outcome.cost.stored_samples, outcome.cost.stored_raw_bytes) == (20, 20 * 784)


def test_text_and_image_share_a_head_in_domain(run):
    stream = Stream("pairs", (*split("ag_news", (2, 2)), *whole("imdb"), Task("low", "mnist", (0, 1))))
    assert layout(stream, "domain").heads == (range(2),)
    for baseline in ("naive", "replay", "ewc", "lwf", "joint", "er_ace"):
        outcome = run(baseline, stream=stream, scenario="domain")
        assert [head.out_features for head in outcome.networks[0].heads] == [2]
        assert np.isfinite(outcome.matrix.mean[-1]).all()


def test_threads_are_put_back(run):
    before = torch.get_num_threads()
    run()
    assert torch.get_num_threads() == before


def blas_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_numpys_sums_do_not_depend_on_cores():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        assert 2 in before
        with reproducible("cpu"):
            assert set(blas_threads()) == {1}
        assert blas_threads() == before


@pytest.mark.parametrize("baseline", ["naive", "replay", "independent", "gdumb"])
def test_known_embeddings_are_those_of_the_network_at_the_time(run, baseline, monkeypatch):
    usual = run(baseline)
    monkeypatch.setattr(retention_module._KnownEmbeddings, "get", lambda *given: None)
    assert run(baseline).matrix == usual.matrix


def test_embeddings_are_computed_again_only_for_a_changed_encoder(run, monkeypatch):
    seen = []
    original = retention_module.embeddings

    def note(network, split):
        seen.append(len(split))
        return original(network, split)

    monkeypatch.setattr(execute_module.CurvePlugin, "_accuracy", lambda self, network, rows, epoch: 0.0)
    monkeypatch.setattr(retention_module, "embeddings", note)
    run(stream="ag_news,mnist,imdb")
    # Three before training, and after each task those of its own data set.
    assert len(seen) == 6


@pytest.mark.parametrize("strict", [(False, False), (True, True), (True, False)])
def test_a_run_leaves_its_caller_s_random_states_and_determinism_as_they_were(run, strict):
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(strict[0], warn_only=strict[1])
    drawn = []
    try:
        for between in (lambda: None, run):
            random.seed(1)
            np.random.seed(2)
            torch.manual_seed(3)
            between()
            drawn.append((random.random(), np.random.rand(), torch.rand(()).item()))
        after = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
    assert after == strict
    assert drawn[0] == drawn[1]
