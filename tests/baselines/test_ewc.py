"""EWC on a softmax regression, whose Fisher information can be written down."""

from types import SimpleNamespace

import pytest
import torch
from avalanche.training.plugins import EWCPlugin


def plugin_of(strategy):
    (found,) = [one for one in strategy.plugins if isinstance(one, EWCPlugin)]
    return found


@pytest.fixture
def trained(lab):
    """Return a lab and the plugin after one task of 12 samples, all of which the Fisher information saw."""
    one = lab(rows=(12,), rate=0.3)
    return one, plugin_of(one.ours("ewc", ewc_lambda=6.0, fisher_samples=1000))


def fisher(model, x):
    """Return the diagonal for a softmax regression: mean over samples of p_k (1 - p_k) x_j^2, and of p_k (1 - p_k)."""
    with torch.no_grad():
        p = model(x).softmax(dim=1)
    spread = p * (1 - p)
    return {
        "layers.1.weight": spread.T @ x.flatten(1).pow(2) / len(x),
        "layers.1.bias": spread.mean(dim=0),
    }


def test_importances_are_the_analytic_diagonal_of_the_fisher_information(trained):
    one, plugin = trained
    expected = fisher(one.model, one.inputs(0))
    found = plugin.importances[0]
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert torch.allclose(found[name].data, values, rtol=1e-4, atol=1e-7)
        assert (values > 0).all()


def test_that_is_the_expectation_over_the_model_s_own_answers(trained):
    one, _ = trained
    total = {name: torch.zeros_like(value) for name, value in one.model.named_parameters()}
    for sample in one.inputs(0).split(1):
        scores = one.model(sample).log_softmax(dim=1)[0]
        for score in scores:
            gradients = torch.autograd.grad(score, list(one.model.parameters()), retain_graph=True)
            for name, gradient in zip(total, gradients, strict=True):
                total[name] += score.detach().exp() * gradient**2 / len(one.inputs(0))
    for name, values in fisher(one.model, one.inputs(0)).items():
        assert torch.allclose(total[name], values, rtol=1e-4, atol=1e-7)


def test_the_penalty_is_half_lambda_times_importance_times_the_square_of_the_move(trained):
    one, plugin = trained
    expected = fisher(one.model, one.inputs(0))
    with torch.no_grad():
        for parameter in one.model.parameters():
            parameter += 0.5
    strategy = SimpleNamespace(
        clock=SimpleNamespace(train_exp_counter=1), model=one.model, loss=torch.zeros(()), device="cpu"
    )
    plugin.before_backward(strategy)
    by_hand = 6.0 / 2 * sum(values.sum() for values in expected.values()) * 0.5**2
    assert strategy.loss.item() == pytest.approx(by_hand.item(), rel=1e-4)


def test_no_more_samples_are_passed_than_asked_for(lab, monkeypatch):
    one = lab(rows=(12,))
    passes = []
    forward = type(one.model).forward
    monkeypatch.setattr(
        type(one.model), "forward", lambda self, x, *labels: passes.append(len(x)) or forward(self, x, *labels)
    )
    strategy = one.ours("ewc", fisher_samples=5)
    assert passes == [8, 4] + [1] * 5
    assert strategy.model.training
