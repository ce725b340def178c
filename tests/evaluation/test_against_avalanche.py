"""Our metrics against Avalanche's own metric objects, fed as its plugins feed them."""

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
