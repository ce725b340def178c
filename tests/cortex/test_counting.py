"""The counts with their derivative carried along, against the ticks as written, differentiated by autograd."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams
from chaoscl.cortex.counting import count_over_time, count_replicas, spike_rates
from chaoscl.cortex.neuron import spike

SHARE = st.floats(0.0, 0.95)
NEURONS = st.builds(
    ChaosNeuronParams,
    threshold=st.floats(0.1, 1.0),
    noise_std=st.sampled_from([0.0, 0.01, 0.3]),
    fail_prob=st.sampled_from([0.0, 0.3, 0.5, 0.9]),
    decay=SHARE,
    refractory_decay=SHARE,
)


def both_ways(mode, neuron, ticks, seed, dtype=torch.float64):
    """Return mean spikes and gradients to input and weights of a layer of 7, as written and derivative along."""
    torch.manual_seed(seed)
    cortex = ChaosCortex(CortexParams(5, [7], neuron)).to(dtype)
    weight = cortex.layers[0].w_in
    inputs = torch.randn(6, 5, dtype=dtype)
    reader = torch.randn(6, 7, dtype=dtype)
    written = {
        "recurrent": lambda x, draws: cortex._count_over_time(x, ticks, False, draws) / ticks,
        "replica": lambda x, draws: cortex._count_replicas(x, ticks, draws) / ticks,
    }[mode]
    counter = {"recurrent": count_over_time, "replica": count_replicas}[mode]
    results = []
    for count in (
        written,
        lambda x, draws: spike_rates(counter, x, weight, ticks, neuron, draws),
    ):
        x = inputs.clone().requires_grad_()
        draws = torch.Generator().manual_seed(seed)
        rates = count(x, draws)
        gradients = torch.autograd.grad((rates * reader).sum(), (x, weight))
        results.append((rates.detach(), *gradients, draws.get_state()))
    return results


MODES = st.sampled_from(["recurrent", "replica"])


@given(mode=MODES, neuron=NEURONS, ticks=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
def test_spikes_are_equal_gradients_agree_and_so_many_numbers_are_drawn(mode, neuron, ticks, seed):
    written, carried = both_ways(mode, neuron, ticks, seed)
    assert torch.equal(carried[0], written[0])
    torch.testing.assert_close(carried[1], written[1], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(carried[2], written[2], rtol=1e-9, atol=1e-12)
    assert torch.equal(carried[3], written[3])


@pytest.mark.parametrize("mode", ["recurrent", "replica"])
def test_in_single_precision_spikes_are_equal_too(mode):
    for seed in range(20):
        written, carried = both_ways(mode, ChaosNeuronParams(fail_prob=0.5), 10, seed, torch.float32)
        assert torch.equal(carried[0], written[0])
        torch.testing.assert_close(carried[2], written[2], rtol=1e-5, atol=1e-5)


def test_refractoriness_is_differentiated_and_not_held_constant():
    neuron = ChaosNeuronParams(threshold=0.5, noise_std=0.0, fail_prob=0.0, decay=0.1, refractory_decay=0.5)
    current = torch.tensor([[0.6]], dtype=torch.float64, requires_grad=True)
    # Tick 1: v = 0.6, a spike, slope 0.9, r clamped at 1 (slope 0). Tick 2: v = 0. Tick 3: r = 0.5 of then.
    rates = spike_rates(count_over_time, current, torch.ones(1, 1, dtype=torch.float64), 3, neuron)
    (slope,) = torch.autograd.grad(3 * rates.sum(), current)
    v, d_v, r, d_r, expected = 0.0, 0.0, 0.0, 0.0, 0.0
    for _ in range(3):
        v, d_v = v + 0.6, d_v + 1.0
        v, d_v = v * (1 - r), d_v * (1 - r) - v * d_r
        spiked, d_s = float(v > 0.5), max(0.0, 1 - abs(v - 0.5)) * d_v
        z, d_z = r * 0.5 + spiked, d_r * 0.5 + d_s
        r, d_r = min(max(z, 0.0), 1.0), d_z if 0 < z < 1 else 0.0
        v, d_v, expected = v * 0.9, d_v * 0.9, expected + d_s
    assert d_r != 0.0
    assert slope.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("counter", [count_over_time, count_replicas])
def test_without_a_gradient_none_is_computed(counter):
    rates = spike_rates(counter, torch.rand(3, 4), torch.rand(6, 4), 5, ChaosNeuronParams(fail_prob=0.5))
    assert not rates.requires_grad
    assert rates.shape == (3, 6)
    assert rates.min() >= 0
    assert rates.max() <= 1


def test_only_what_needs_a_gradient_gets_one():
    x, weight = torch.rand(3, 4), torch.rand(6, 4, requires_grad=True)
    spike_rates(count_over_time, x, weight, 5, ChaosNeuronParams()).sum().backward()
    assert weight.grad is not None
    assert x.grad is None


@pytest.mark.parametrize("mode", ["recurrent", "replica"])
@pytest.mark.parametrize("kernel", ["torch", "fused"])
@pytest.mark.parametrize("training", [True, False])
def test_a_rate_is_not_a_number_exactly_where_its_input_is_none(mode, kernel, training):
    if kernel == "fused":
        pytest.importorskip("numba", reason="the extra 'fast' is not installed")
    cortex = ChaosCortex(CortexParams(3, [5]), kernel=kernel).train(training)
    x = torch.rand(4, 3)
    x[1, 2] = float("nan")
    with torch.set_grad_enabled(training):
        rates = cortex.integrate(x, 6, mode=mode)
    assert rates[1].isnan().all()
    assert rates[[0, 2, 3]].isfinite().all()


def test_the_definition_spikes_not_a_number_where_the_potential_is_none():
    assert spike(torch.tensor([0.0, 1.0, float("nan")]), 0.5).isnan().tolist() == [False, False, True]
