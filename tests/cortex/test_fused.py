"""The fused count against the ticks as written: equal with the same draws, alike with its own."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

pytest.importorskip("numba", reason="the extra 'fast' is not installed")

from chaoscl.cortex import (
    ChaosCortex,
    ChaosNeuronParams,
    CortexParams,
    fused,
)
from chaoscl.cortex.counting import count_over_time, spike_rates

COUNTERS = {"recurrent": fused.count_over_time, "replica": fused.count_replicas}
NEURONS = st.builds(
    ChaosNeuronParams,
    threshold=st.floats(0.1, 1.0),
    noise_std=st.sampled_from([0.0, 0.01, 0.3]),
    fail_prob=st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]),
    decay=st.floats(0.0, 0.95),
    refractory_decay=st.floats(0.0, 0.95),
)


def generator(seed):
    return torch.Generator().manual_seed(seed)


def as_written(cortex, mode, x, ticks, noise, sent, fail_prob):
    """Return the counts of the ticks as written, with given draws in the place of the generator's."""
    if mode == "replica":
        noise, sent = noise.flatten(0, 1)[None], sent.flatten(0, 1)[None]
    normal, luck = iter(noise), iter(torch.where(sent, 1.0, 0.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "randn", lambda *shape, **rest: next(normal))
        patch.setattr(torch, "rand", lambda *shape, **rest: next(luck))
        if mode == "replica":
            return cortex._count_replicas(x, ticks, None)
        return cortex._count_over_time(x, ticks, False, None)


@given(
    mode=st.sampled_from(["recurrent", "replica"]),
    neuron=NEURONS,
    ticks=st.integers(1, 40),
    batch=st.integers(1, 50),
    seed=st.integers(0, 2**32 - 1),
)
def test_with_the_same_draws_spikes_are_equal_and_gradients_agree(mode, neuron, ticks, batch, seed):
    torch.manual_seed(seed)
    cortex = ChaosCortex(CortexParams(5, [7], neuron))
    weight = cortex.layers[0].w_in
    x, reader = torch.randn(batch, 5), torch.randn(batch, 7)
    noise, sent = fused.draws((batch, 7), ticks, neuron, generator(seed))
    found = []
    for count in (
        lambda x: as_written(cortex, mode, x, ticks, noise, sent, neuron.fail_prob) / ticks,
        lambda x: spike_rates(COUNTERS[mode], x, weight, ticks, neuron, generator(seed)),
    ):
        given = x.clone().requires_grad_()
        rates = count(given)
        found.append((rates.detach(), *torch.autograd.grad((rates * reader).sum(), (given, weight))))
    (rates, *gradients), (fused_rates, *fused_gradients) = found
    assert torch.equal(fused_rates, rates)
    for one, other in zip(fused_gradients, gradients, strict=True):
        # 1e-6 of the largest: float32 sums of up to forty ticks that cancel.
        torch.testing.assert_close(one, other, rtol=1e-6, atol=2e-6 * max(1.0, float(other.abs().max())) * ticks)


def test_the_draws_are_named_by_the_generator_alone():
    x, neuron = torch.rand(9, 40, generator=generator(1)), ChaosNeuronParams()
    for count in COUNTERS.values():
        for differentiate in (True, False):
            once = count(x, 10, neuron, generator(3), differentiate)
            again = count(x, 10, neuron, generator(3), differentiate)
            other = count(x, 10, neuron, generator(4), differentiate)
            assert torch.equal(once[0], again[0])
            assert torch.equal(once[1], again[1])
            assert not torch.equal(once[0], other[0])


def test_one_number_is_drawn_from_the_generator_whatever_the_size():
    states = []
    for size in (1, 5000):
        draws = generator(0)
        fused.count_over_time(torch.rand(size, 3), 10, ChaosNeuronParams(), draws, True)
        states.append(draws.get_state())
    assert torch.equal(*states)


@pytest.mark.parametrize("fail_prob", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("ticks", [1, 10, 15])
def test_counts_have_the_distribution_of_the_definition(fail_prob, ticks):
    # Six currents around the threshold, 20,000 neurons each; fixed seeds, and together less than 1e-5 to fail by luck.
    neuron = ChaosNeuronParams(fail_prob=fail_prob, noise_std=0.1)
    current = torch.tensor([0.02, 0.1, 0.3, 0.45, 0.5, 0.8]).repeat(20_000, 1)
    ours, ours_slope = fused.count_over_time(current, ticks, neuron, generator(11), True)
    theirs, slope = count_over_time(current, ticks, neuron, generator(12), True)
    for column in range(current.shape[1]):
        assert_alike(ours[:, column], theirs[:, column])
        error = math.sqrt((ours_slope[:, column].var() + slope[:, column].var()).item() / 20_000)
        assert abs((ours_slope[:, column].mean() - slope[:, column].mean()).item()) < 6 * max(error, 1e-6)


def assert_alike(ours, theirs):
    """Check two samples of counts by a chi-squared test of homogeneity at 1e-7, rare counts taken together."""
    table = np.stack([np.bincount(one.numpy().astype(int), minlength=41) for one in (ours, theirs)])
    rare = table.sum(0) < 20
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(1)])
    table = table[:, table.sum(0) > 0]
    if table.shape[1] > 1:
        assert stats.chi2_contingency(table).pvalue > 1e-7


@pytest.mark.parametrize("fail_prob", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("differentiate", [True, False], ids=["ticks", "at once"])
def test_replicas_are_binomial(fail_prob, differentiate):
    neuron = ChaosNeuronParams(fail_prob=fail_prob, noise_std=0.1)
    levels = torch.tensor([-5.0, 0.2, 0.45, 0.5, 0.62, 5.0])
    counts, _ = fused.count_replicas(levels.repeat(20_000, 1), 10, neuron, generator(21), differentiate)
    for column, level in enumerate(levels.tolist()):
        share = (1 - fail_prob) * stats.norm.cdf((level - neuron.threshold) / neuron.noise_std)
        expected = stats.binom.pmf(np.arange(11), 10, share) * 20_000
        seen = np.bincount(counts[:, column].numpy().astype(int), minlength=11)
        assert seen[expected < 1e-9].sum() == 0
        common = expected > 5
        if common.sum() > 1:
            scaled = expected[common] * seen[common].sum() / expected[common].sum()
            assert stats.chisquare(seen[common], scaled).pvalue > 1e-7


def test_without_noise_the_threshold_is_strict():
    neuron = ChaosNeuronParams(noise_std=0.0, fail_prob=0.0, threshold=0.5)
    current = torch.tensor([[0.5, 0.50001, 0.49999]])
    for differentiate in (True, False):
        counts, _ = fused.count_replicas(current, 4, neuron, generator(0), differentiate)
        assert counts.tolist() == [[0.0, 4.0, 0.0]]


@pytest.mark.parametrize("shape", [(0, 4), (1, 1), (3, 85), (2, 128), (1, 257)])
def test_every_size_is_counted_to_its_last_neuron(shape):
    neuron = ChaosNeuronParams(noise_std=0.0, fail_prob=0.0)
    for count in COUNTERS.values():
        counts, slope = count(torch.full(shape, 0.9), 1, neuron, generator(0), True)
        assert counts.tolist() == torch.ones(shape).tolist()
        torch.testing.assert_close(slope, torch.full(shape, 0.6))


def test_a_current_that_is_not_contiguous_is_read_as_it_is():
    neuron = ChaosNeuronParams(noise_std=0.0, fail_prob=0.0)
    current = torch.tensor([[0.9, 0.1, 0.9], [0.1, 0.9, 0.1]]).T
    counts, _ = fused.count_over_time(current, 1, neuron, generator(0), False)
    assert counts.tolist() == [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
