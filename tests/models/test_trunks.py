"""Every trunk keeps the contract, whatever its kind; what is special about each is counted or solved by hand."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.cortex.neuron import spike
from chaoscl.models import TRUNKS, TrunkSetup
from chaoscl.models.network import untrained_parameters
from chaoscl.models.noise import Noise
from chaoscl.models.trunk_modules import BinaryTrunk, GRUTrunk, MLPTrunk


def build(name, hidden=(7, 5), **values):
    trunk = TRUNKS[name]
    defaults = {key: parameter.value for key, parameter in trunk.hyper.items()}
    noise = Noise()
    noise.seed(0)
    torch.manual_seed(0)
    return trunk.build(TrunkSetup(6, hidden, noise), **defaults | values), noise


@pytest.mark.parametrize("name", TRUNKS)
@pytest.mark.parametrize("hidden", [(5,), (7, 5)])
def test_a_trunk_maps_embeddings_to_features_and_learns(name, hidden):
    trunk, _ = build(name, hidden)
    width = TRUNKS[name].width(6, hidden)
    embedding = torch.randn(32, 6, requires_grad=True)
    features = trunk(embedding)
    assert features.shape == (32, width)
    assert torch.isfinite(features).all()
    features.square().sum().backward()
    assert embedding.grad.abs().sum() > 0
    silent = {key for key, parameter in trunk.named_parameters() if parameter.grad is None}
    assert silent == set(untrained_parameters(trunk))
    assert trunk(torch.zeros(0, 6)).shape == (0, width)


@pytest.mark.parametrize("name", TRUNKS)
def test_the_same_noise_gives_the_same_features_and_the_global_state_is_left_alone(name):
    trunk, noise = build(name)
    embedding = torch.randn(16, 6)
    trunk.train()
    before = torch.get_rng_state()
    found = []
    for _ in range(2):
        noise.seed(3)
        found.append(trunk(embedding))
    assert torch.equal(*found)
    assert torch.equal(torch.get_rng_state(), before)
    noise.seed(3)
    assert torch.equal(copy.deepcopy(trunk)(embedding), found[0])


@given(inputs=st.integers(1, 9), hidden=st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_an_mlp_trunk_is_layers_of_relu_counted_by_hand(inputs, hidden):
    trunk = MLPTrunk(inputs, tuple(hidden))
    sizes = [inputs, *hidden]
    expected = sum(sizes[k] * sizes[k + 1] + sizes[k + 1] for k in range(len(hidden)))
    assert sum(parameter.numel() for parameter in trunk.parameters()) == expected
    embedding = torch.randn(5, inputs)
    features = embedding
    for layer in trunk.layers:
        features = (features @ layer.weight.T + layer.bias).clamp(min=0)
    torch.testing.assert_close(trunk(embedding), features)


def test_dropout_keeps_the_mean_and_acts_in_evaluation_only_when_asked():
    embedding = torch.rand(4000, 6)
    plain = MLPTrunk(6, (5,))
    for always in (False, True):
        trunk = MLPTrunk(6, (5,), 0.4, always)
        trunk.load_state_dict(plain.state_dict())
        trunk.noise.seed(0)
        features = trunk.train()(embedding)
        active = plain(embedding) > 0
        dropped = (features[active] == 0).double().mean()
        assert 0.36 < dropped < 0.44
        torch.testing.assert_close(features.mean(0), plain(embedding).mean(0), rtol=0.1, atol=0.01)
        assert torch.equal(trunk.eval()(embedding), plain(embedding)) is not always


@pytest.mark.parametrize("noise_std", [0.0, 0.5])
def test_binary_units_fire_as_the_normal_distribution_says(noise_std):
    noise = Noise()
    noise.seed(0)
    trunk = BinaryTrunk(1, (1,), noise_std, 0.5, noise)
    with torch.no_grad():
        trunk.layers[0].weight.fill_(1.0)
    found = trunk(torch.full((20_000, 1), 0.8))
    assert set(found.unique().tolist()) <= {0.0, 1.0}
    due = torch.distributions.Normal(0.0, 1.0).cdf(torch.tensor(0.3 / noise_std)).item() if noise_std else 1.0
    assert abs(found.mean().item() - due) < 0.02


def test_the_step_function_is_the_cortex_spike():
    trunk, _ = build("step", (5,))
    embedding = torch.randn(50, 6)
    assert torch.equal(trunk(embedding), spike(embedding @ trunk.layers[0].weight.T, 0.5))


def test_a_gru_reads_the_same_input_at_every_tick():
    trunk = GRUTrunk(3, (4,), 3)
    embedding = torch.randn(2, 3)
    state = None
    for _ in range(3):
        state = trunk.cells[0](embedding, state)
    assert torch.equal(trunk(embedding), state)


def test_no_trunk_hands_on_the_embedding():
    trunk, _ = build("none")
    embedding = torch.randn(2, 6)
    assert torch.equal(trunk(embedding), embedding)


@pytest.mark.parametrize(("when", "hook"), [("step", "after_step"), ("epoch", "after_epoch"), ("never", None)])
def test_the_signs_of_the_recurrent_weights_are_restored_when_it_is_asked(when, hook):
    trunk, _ = build("cortex", (5,), enforce=when)
    weights = trunk.cortex.layers[0].w_rec
    with torch.no_grad():
        weights.fill_(-1.0)
    for one in ("after_step", "after_epoch"):
        with torch.no_grad():
            weights.fill_(-1.0)
        getattr(trunk, one)()
        assert bool((weights[0] == 0).all()) is (one == hook)
