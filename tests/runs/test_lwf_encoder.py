"""LwF by encoder: where it is LwF, where it is fine-tuning, and what lies between."""

from functools import partial

import pytest
import torch

pytestmark = pytest.mark.usefixtures("few_batches")
BY_MODALITY = "chaos256:encoders=modality"


@pytest.fixture
def train(run):
    """Return what trains a baseline on the MLP."""
    return partial(run, model="mlp256")


def state(outcome):
    return outcome.networks[0].state_dict()


def parameters(strategy):
    return {name: parameter.detach().clone() for name, parameter in strategy.model.named_parameters()}


def same(first, second):
    return all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize("scenario", ["task", "class"])
@pytest.mark.parametrize("stream", ["ag_news,mnist", "mnist,fashion_mnist"])
def test_where_every_task_has_an_encoder_of_its_own_it_is_fine_tuning(train, stream, scenario):
    naive, ours, stock = (
        state(train(name, stream=stream, scenario=scenario)) for name in ("naive", "lwf_encoder", "lwf")
    )
    assert same(naive, ours)
    assert not same(naive, stock)


@pytest.mark.parametrize("scenario", ["task", "domain", "class"])
def test_where_all_tasks_share_one_encoder_it_is_lwf(train, scenario):
    options = {"stream": "split-mnist", "scenario": scenario, "tasks": 3}
    naive, ours, stock = (state(train(name, **options)) for name in ("naive", "lwf_encoder", "lwf"))
    assert same(stock, ours)
    assert not same(naive, ours)


def test_a_head_is_distilled_on_inputs_of_its_own_encoder_and_on_no_others(train, after_each):
    """AG News, MNIST, IMDB, with an encoder for each modality: IMDB passes AG News's encoder, not MNIST's."""
    ends = after_each(parameters)
    train("lwf_encoder", model=BY_MODALITY)
    first, second, third = ends
    assert torch.equal(first["heads.0.weight"], second["heads.0.weight"])
    assert not torch.equal(second["heads.0.weight"], third["heads.0.weight"])
    assert torch.equal(second["heads.1.weight"], third["heads.1.weight"])
    ends.clear()
    train("lwf", model=BY_MODALITY)
    first, second, third = ends
    assert not torch.equal(first["heads.0.weight"], second["heads.0.weight"])
    assert not torch.equal(second["heads.1.weight"], third["heads.1.weight"])
