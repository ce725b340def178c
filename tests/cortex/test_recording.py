import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams
from chaoscl.cortex.recording import record

LIVELY = ChaosNeuronParams(threshold=0.2, noise_std=0.5, fail_prob=0.3)


def make(hidden):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ChaosCortex(CortexParams(4, hidden, LIVELY), kernel="torch")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
    st.integers(1, 6),
    st.integers(1, 3),
    st.sampled_from(["recurrent", "feedback"]),
)
def test_what_is_recorded_is_what_the_cortex_integrates(hidden, ticks, batch, mode):
    cortex, x = make(hidden), torch.randn(batch, 4, generator=seeded(1))
    recording = record(cortex, x, ticks, mode, seeded())
    shapes = [(ticks, batch, size) for size in hidden]
    assert [tuple(spikes.shape) for spikes in recording.spikes] == shapes
    assert [tuple(potentials.shape) for potentials in recording.potentials] == shapes
    rate = cortex.integrate(x, ticks, mode, seeded())
    torch.testing.assert_close(recording.spikes[-1].mean(0), rate.detach())


def test_potentials_and_spikes_are_those_of_the_ticks():
    cortex, x = make([5, 3]), torch.randn(2, 4, generator=seeded(1))
    recording, generator, states = record(cortex, x, 4, generator=seeded()), seeded(), None
    for tick in range(4):
        _, states, spikes = cortex(x, states, generator)
        for layer in range(2):
            assert torch.equal(recording.spikes[layer][tick], spikes[layer])
            assert torch.equal(recording.potentials[layer][tick], states[layer].v)
    assert not recording.potentials[0].requires_grad


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mode": "replica"}, "no time"),
        ({"mode": "x"}, "mode"),
        ({"ticks": 0}, "ticks"),
        ({"x": torch.zeros(4)}, "x must"),
    ],
)
def test_what_cannot_be_recorded_is_said(change, words):
    with pytest.raises(ValueError, match=words):
        record(make([3]), **({"x": torch.zeros(1, 4), "ticks": 2} | change))
