import pytest
import torch

from chaoscl.cortex import ChaosNeuronParams, LayerState
from chaoscl.cortex.neuron import clamp_to_unit, spike, tick

QUIET = {"noise_std": 0.0, "fail_prob": 0.0}


def state(v, r):
    return LayerState(torch.tensor([v], dtype=torch.float64), torch.tensor([r], dtype=torch.float64))


def current(*values):
    return torch.tensor([values], dtype=torch.float64)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_potential_at_the_threshold_does_not_spike(dtype):
    at = torch.tensor(0.5, dtype=dtype)
    above = torch.nextafter(at, torch.ones((), dtype=dtype))
    below = torch.nextafter(at, torch.zeros((), dtype=dtype))
    spikes = spike(torch.stack([below, at, above]), 0.5)
    assert spikes.tolist() == [0.0, 0.0, 1.0]
    assert spikes.dtype == dtype


def test_surrogate_is_a_triangle_of_width_one_about_the_threshold():
    v = torch.tensor([-0.6, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 1.6], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(spike(v, 0.5), v, torch.full_like(v, 2.0))
    assert slope.tolist() == [0.0, 0.0, 1.0, 1.5, 2.0, 1.5, 1.0, 0.0, 0.0]


def test_clamp_has_slope_one_inside_and_zero_at_both_ends_and_beyond():
    z = torch.tensor([-0.5, 0.0, 1e-9, 0.5, 1 - 1e-9, 1.0, 1.5], dtype=torch.float64, requires_grad=True)
    clamped = clamp_to_unit(z)
    assert clamped.tolist() == [0.0, 0.0, 1e-9, 0.5, 1 - 1e-9, 1.0, 1.0]
    (slope,) = torch.autograd.grad(clamped.sum(), z)
    assert slope.tolist() == [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0]


def test_two_ticks_worked_out_by_hand():
    params = ChaosNeuronParams(threshold=0.5, decay=0.25, refractory_decay=0.5, **QUIET)
    # Neuron 0 stays below the threshold, neuron 1 exceeds it, neuron 2 would but for its refractoriness.
    spikes, after = tick(current(0.25, 1.0, 1.0), state([0.0, 0.0, 0.0], [0.0, 0.0, 0.75]), params)
    assert spikes.tolist() == [[0.0, 1.0, 0.0]]
    assert after.v.tolist() == [[0.1875, 0.75, 0.1875]]  # no reset of neuron 1
    assert after.r.tolist() == [[0.0, 1.0, 0.375]]
    spikes, after = tick(current(0.5, 9.0, 9.0), after, params)
    assert spikes.tolist() == [[1.0, 0.0, 1.0]]  # neuron 1 is silenced whatever comes in
    assert after.v.tolist() == [[0.515625, 0.0, (0.1875 + 9.0) * 0.625 * 0.75]]
    assert after.r.tolist() == [[1.0, 0.5, 1.0]]  # neuron 2 from 0.1875 + 1, clamped


def test_a_failed_spike_leaves_no_refractoriness():
    params = ChaosNeuronParams(threshold=0.5, noise_std=0.0, fail_prob=1.0, decay=0.0, refractory_decay=0.5)
    spikes, after = tick(current(1.0, 1.0), state([0.0, 0.0], [0.0, 0.25]), params)
    assert spikes.tolist() == [[0.0, 0.0]]
    assert after.r.tolist() == [[0.0, 0.125]]
    assert after.v.tolist() == [[1.0, 0.75]]


def test_with_some_failures_exactly_the_spikes_sent_make_refractory():
    params = ChaosNeuronParams(threshold=0.5, noise_std=0.0, fail_prob=0.5)
    rest = LayerState(torch.zeros(20, 20), torch.zeros(20, 20))
    spikes, after = tick(torch.ones(20, 20), rest, params, torch.Generator().manual_seed(0))
    assert 0 < spikes.sum() < 400
    assert torch.equal(after.r, spikes)


def test_a_failed_spike_passes_no_gradient_and_a_sent_one_passes_it_whole():
    params = ChaosNeuronParams(threshold=0.5, noise_std=0.0, fail_prob=0.5)
    drive = torch.full((10, 10), 1.0, requires_grad=True)
    rest = LayerState(torch.zeros(10, 10), torch.zeros(10, 10))
    spikes, _ = tick(drive, rest, params, torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad(spikes.sum(), drive)
    assert torch.equal(gradient, 0.5 * spikes.detach())


def test_refractoriness_carries_gradient():
    params = ChaosNeuronParams(threshold=0.5, decay=0.0, refractory_decay=0.5, **QUIET)
    before = state([0.0], [0.25])
    before.r.requires_grad_()
    spikes, after = tick(current(1.0), before, params)  # v = 0.75, a spike; r = clamp(1.125)
    (gradient,) = torch.autograd.grad(spikes.sum(), before.r, retain_graph=True)
    assert gradient.item() == -1.0 * 0.75  # -current * triangle
    assert torch.autograd.grad(after.r.sum(), before.r)[0].item() == 0.0  # the clamp is active
    spikes, after = tick(current(0.4), before, params)  # v = 0.3, no spike; r = 0.125, inside the clamp
    assert torch.autograd.grad(after.r.sum(), before.r)[0].item() == pytest.approx(0.5 - 0.4 * 0.8)


@pytest.mark.parametrize(
    ("settings", "draws"),
    [
        ({"noise_std": 0.0, "fail_prob": 0.0}, []),
        ({"noise_std": 0.1, "fail_prob": 0.0}, [torch.randn]),
        ({"noise_std": 0.0, "fail_prob": 0.3}, [torch.rand]),
        ({"noise_std": 0.1, "fail_prob": 0.3}, [torch.randn, torch.rand]),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_only_what_is_needed_is_drawn_and_in_the_documented_order(settings, draws, dtype):
    used, mirror = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    rest = LayerState(torch.zeros(4, 5, dtype=dtype), torch.zeros(4, 5, dtype=dtype))
    tick(torch.ones(4, 5, dtype=dtype), rest, ChaosNeuronParams(**settings), used)
    for draw in draws:
        draw(4, 5, generator=mirror, dtype=dtype)
    assert torch.equal(used.get_state(), mirror.get_state())
