"""Our metrics against Avalanche's own: its metric objects fed by hand, and its plugins in a real run."""

import numpy as np
import pytest

from chaoscl.evaluation import metrics, per_task


@pytest.fixture(scope="module")
def avalanche_metrics():
    from avalanche.evaluation.metrics import forgetting_bwt, forward_transfer  # takes seconds, so not at collection

    return forgetting_bwt, forward_transfer


def feed_forgetting(metric, table):
    """Update as GenericExperienceForgetting does: the task just trained sets the first value, all others the last."""
    for row in range(1, table.shape[0]):
        metric.reset_last()
        for task in range(1, table.shape[1] + 1):
            metric.update(task, float(table[row, task - 1]), initial=task == row)
    return metric.result()


@pytest.mark.parametrize("seed", range(5))
def test_forgetting_and_backward_transfer(avalanche_metrics, seed):
    forgetting_bwt, _ = avalanche_metrics
    size = seed + 2
    table = np.random.default_rng(seed).random((size + 1, size))

    lost = feed_forgetting(forgetting_bwt.Forgetting(), table)
    assert sorted(lost) == list(range(1, size))  # every task but the last
    assert [lost[task] for task in range(1, size)] == per_task.forgetting_first_last_per_task(table)[:-1].tolist()
    assert np.mean(list(lost.values())) == pytest.approx(metrics.forgetting_first_last(table), abs=1e-12)

    gained = feed_forgetting(forgetting_bwt.BWT(), table)
    assert [gained[task] for task in range(1, size)] == per_task.backward_transfer_per_task(table)[:-1].tolist()
    assert np.mean(list(gained.values())) == pytest.approx(metrics.backward_transfer(table), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_forward_transfer(avalanche_metrics, seed):
    _, forward_transfer = avalanche_metrics
    size = seed + 2
    table = np.random.default_rng(seed).random((size + 1, size))
    metric = forward_transfer.ForwardTransfer()
    for task in range(1, size + 1):
        metric.update(task, float(table[0, task - 1]), initial=True)
    for task in range(2, size + 1):
        metric.update(task, float(table[task - 1, task - 1]))
    found = metric.result()
    assert [found[task] for task in range(2, size + 1)] == per_task.forward_transfer_per_task(table)[1:].tolist()
    assert np.mean(list(found.values())) == pytest.approx(metrics.forward_transfer(table, [0] * size), abs=1e-12)


TASKS, CLASSES, FEATURES, SAMPLES = 3, 4, 8, 60


def related_tasks():
    """Linear classification problems, each with a rule of its own: what one teaches helps or hurts the others."""
    import torch
    from avalanche.benchmarks.utils import _make_taskaware_classification_dataset
    from torch.utils.data import TensorDataset

    datasets = []
    for task in range(TASKS):
        generator = torch.Generator().manual_seed(task)
        inputs = torch.randn(SAMPLES, FEATURES, generator=generator) + task
        targets = (inputs @ torch.randn(FEATURES, CLASSES, generator=generator)).argmax(1)
        samples = TensorDataset(inputs, targets)
        datasets.append(_make_taskaware_classification_dataset(samples, targets=targets.tolist(), task_labels=0))
    return datasets


@pytest.fixture(scope="module")
def logged():
    """What Avalanche's plugins report of the test stream: before training, and after each experience."""
    import torch
    from avalanche.benchmarks import benchmark_from_datasets
    from avalanche.evaluation.metrics import accuracy_metrics, bwt_metrics, forgetting_metrics, forward_transfer_metrics
    from avalanche.training import Naive
    from avalanche.training.plugins import EvaluationPlugin

    from chaoscl.compat import quiet_avalanche

    benchmark = benchmark_from_datasets(train=related_tasks(), test=related_tasks())
    kinds = (accuracy_metrics, forgetting_metrics, bwt_metrics, forward_transfer_metrics)
    with torch.random.fork_rng(devices=[]), quiet_avalanche():
        torch.manual_seed(0)
        model = torch.nn.Linear(FEATURES, CLASSES)
        strategy = Naive(
            model=model,
            optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
            criterion=torch.nn.CrossEntropyLoss(),
            train_mb_size=10,
            train_epochs=2,
            eval_mb_size=SAMPLES,
            evaluator=EvaluationPlugin(*(kind(experience=True, stream=True) for kind in kinds)),
            eval_every=0,  # without it forward transfer refuses to work
        )
        reports = [strategy.eval(benchmark.streams["test"])]
        for experience in benchmark.streams["train"]:
            strategy.train(experience)
            reports.append(strategy.eval(benchmark.streams["test"]))
    ending = "/eval_phase/test_stream"
    return [{name.replace(ending, ""): value for name, value in report.items() if ending in name} for report in reports]


@pytest.fixture(scope="module")
def matrix(logged):
    """R, from Avalanche's accuracies on each experience."""
    return np.array([[report[f"Top1_Acc_Exp/Exp{task:03}"] for task in range(TASKS)] for report in logged])


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Top1_Acc_Stream", "average_accuracy"),  # the same because all test sets have one size
        ("StreamForgetting", "forgetting_first_last"),
        ("StreamBWT", "backward_transfer"),
        ("StreamForwardTransfer", "forward_transfer"),
    ],
)
def test_stream_metrics_of_a_real_run(logged, matrix, theirs, ours):
    value = metrics.METRICS[ours].compute(matrix, heads=[0] * TASKS)
    assert value == pytest.approx(logged[-1][theirs], abs=1e-12)
    assert value != 0.0


@pytest.mark.parametrize("trained", [2, 3])
@pytest.mark.parametrize(
    ("theirs", "ours"), [("StreamForgetting", "forgetting_first_last"), ("StreamBWT", "backward_transfer")]
)
def test_forgetting_so_far_is_that_of_the_stream_so_far(logged, matrix, trained, theirs, ours):
    value = metrics.METRICS[ours].compute(matrix[: trained + 1, :trained])
    assert value == pytest.approx(logged[trained][theirs], abs=1e-12)


@pytest.mark.parametrize(
    ("theirs", "function", "tasks"),
    [
        ("ExperienceForgetting", per_task.forgetting_first_last_per_task, (0, 1)),
        ("ExperienceBWT", per_task.backward_transfer_per_task, (0, 1)),
        ("ExperienceForwardTransfer", per_task.forward_transfer_per_task, (1, 2)),
    ],
)
def test_values_of_each_experience_of_a_real_run(logged, matrix, theirs, function, tasks):
    values = function(matrix)
    for task in tasks:
        assert values[task] == pytest.approx(logged[-1][f"{theirs}/Exp{task:03}"], abs=1e-12)
        assert values[task] != 0.0
