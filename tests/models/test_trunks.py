import torch
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.models.trunk_modules import MLPTrunk


@given(inputs=st.integers(1, 9), hidden=st.integers(1, 9), depth=st.integers(1, 4))
def test_an_mlp_trunk_is_layers_of_relu_counted_by_hand(inputs, hidden, depth):
    trunk = MLPTrunk(inputs, hidden, depth)
    expected = inputs * hidden + hidden + (depth - 1) * (hidden * hidden + hidden)
    assert sum(parameter.numel() for parameter in trunk.parameters()) == expected
    embedding = torch.randn(5, inputs)
    features = embedding
    for layer in trunk.layers:
        features = (features @ layer.weight.T + layer.bias).clamp(min=0)
    torch.testing.assert_close(trunk(embedding), features)


def test_an_mlp_trunk_is_one_layer_deep_if_nothing_is_said():
    assert [name for name, _ in MLPTrunk(3, 4).named_parameters()] == ["layers.0.weight", "layers.0.bias"]


def test_an_mlp_trunk_has_no_spikes_and_trains_all_it_has():
    trunk = MLPTrunk(3, 4, 2)
    assert (trunk.ticks, trunk.fan_out, trunk.untrained_parameters()) == (0, 0, [])
    trunk(torch.ones(2, 3)).sum().backward()
    assert all(parameter.grad is not None for parameter in trunk.parameters())
