"""Rates and independence of the draws. Seeds are fixed and bounds are five standard errors or more."""

import math

import pytest
import torch
from scipy import stats

from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams

SIDE = 120


def draws_of_one_layer(ticks, seed, training=True, **neuron):
    """Return spikes and potentials over ticks, each (ticks, SIDE, SIDE), of a layer that gets no input."""
    cortex = ChaosCortex(CortexParams(2, [SIDE], ChaosNeuronParams(**neuron))).train(training)
    generator, states = torch.Generator().manual_seed(seed), None
    spikes, potentials = [], []
    with torch.no_grad():
        for _ in range(ticks):
            _, states, s = cortex(torch.zeros(SIDE, 2), states, generator)
            spikes.append(s[0])
            potentials.append(states[0].v)
    return torch.stack(spikes).double(), torch.stack(potentials).double()


def assert_independent(values):
    """Check that standardised (ticks, samples, neurons) values show no correlation along any axis, nor shared rows."""
    z = (values - values.mean()) / values.std()
    for axis in range(3):
        n = z.shape[axis]
        lagged = (z.narrow(axis, 0, n - 1) * z.narrow(axis, 1, n - 1)).mean().item()
        assert abs(lagged) < 5 / math.sqrt(z.numel())
        # Means over one axis have variance 1 / n only if the values along it differ.
        spread = z.mean(axis).square().mean().item() * n
        assert abs(spread - 1) < 5 * math.sqrt(2 * n / z.numel())


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("fail_prob", [0.1, 0.5, 0.9])
def test_spikes_fail_at_their_rate_afresh_for_every_neuron_sample_and_tick(fail_prob, training):
    # A negative threshold makes every neuron due at every tick, refractory or not.
    spikes, _ = draws_of_one_layer(6, 1, training, threshold=-1.0, noise_std=0.0, fail_prob=fail_prob)
    error = math.sqrt(fail_prob * (1 - fail_prob) / spikes.numel())
    assert abs(1 - spikes.mean().item() - fail_prob) < 5 * error
    assert_independent(spikes)


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_noise_is_gaussian_of_its_width_afresh_for_every_neuron_sample_and_tick(training):
    # Nobody spikes and nothing decays, so each tick's noise is the difference of potentials.
    _, v = draws_of_one_layer(6, 2, training, threshold=1e6, noise_std=0.25, fail_prob=0.0, decay=0.0)
    noise = torch.diff(v, dim=0, prepend=torch.zeros(1, SIDE, SIDE))
    assert abs(noise.mean().item()) < 5 * 0.25 / math.sqrt(noise.numel())
    assert abs(noise.std().item() / 0.25 - 1) < 5 / math.sqrt(2 * noise.numel())
    assert stats.kstest(noise.flatten().numpy() / 0.25, "norm").pvalue > 1e-4
    assert_independent(noise)


def test_certain_failure_silences_and_no_failure_does_not():
    spikes, _ = draws_of_one_layer(3, 3, threshold=-1.0, fail_prob=1.0)
    assert spikes.sum() == 0
    spikes, _ = draws_of_one_layer(3, 3, threshold=-1.0, fail_prob=0.0)
    assert spikes.min() == 1


@pytest.mark.parametrize("fail_prob", [0.0, 0.3])
def test_replica_rate_is_binomial(fail_prob):
    ticks, batch, hidden, sigma, theta = 12, 400, 40, 0.5, 0.5
    neuron = ChaosNeuronParams(threshold=theta, noise_std=sigma, fail_prob=fail_prob)
    cortex = ChaosCortex(CortexParams(1, [hidden], neuron)).to(torch.float64)
    drive = torch.linspace(-0.7, 1.7, hidden, dtype=torch.float64)
    with torch.no_grad():
        cortex.layers[0].w_in.copy_(drive[:, None])
        rate = cortex.integrate(torch.ones(batch, 1).double(), ticks, "replica", torch.Generator().manual_seed(4))
    p = (1 - fail_prob) * stats.norm.cdf((drive.numpy() - theta) / sigma)
    counts = torch.round(rate * ticks).long().numpy()
    for i in range(hidden):
        error = math.sqrt(p[i] * (1 - p[i]) / (batch * ticks))
        assert abs(rate[:, i].mean().item() - p[i]) < 5 * error
    # The whole distribution, at the neuron nearest to p = 1/2.
    i = int(abs(p - 0.5).argmin())
    expected = stats.binom.pmf(range(ticks + 1), ticks, p[i]) * batch
    observed = [(counts[:, i] == k).sum() for k in range(ticks + 1)]
    chi2 = sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True) if e > 3)
    assert chi2 < stats.chi2.ppf(1 - 1e-5, df=ticks)


def test_recurrent_ticks_are_not_replicas():
    """With a strong input every replica spikes, and refractoriness silences every second tick at least."""
    neuron = ChaosNeuronParams(noise_std=0.0, fail_prob=0.0)
    cortex = ChaosCortex(CortexParams(1, [3], neuron))
    with torch.no_grad():
        cortex.layers[0].w_in.fill_(1.0)
    x = torch.ones(1, 1)
    assert cortex.integrate(x, 10, "replica").tolist() == [[1.0] * 3]
    assert cortex.integrate(x, 10, "recurrent").max() <= 0.5
