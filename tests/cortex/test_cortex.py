import copy
import io
import math
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chaoscl.cortex import MODES, ChaosCortex, ChaosNeuronParams, CortexParams, LayerState

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")),
]
LIVELY = ChaosNeuronParams(threshold=0.2, noise_std=0.5, fail_prob=0.3)


def make(hidden=(6,), inputs=4, neuron=LIVELY, seed=0, **more):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ChaosCortex(CortexParams(inputs, hidden, neuron, **more))


def some_input(batch, width=4, **where):
    return torch.randn(batch, width, generator=seeded(9)).to(**where)


def seeded(seed=0, device="cpu"):
    return torch.Generator(device).manual_seed(seed)


def test_the_loop_of_chaosnets_readme_runs_as_printed():
    neuron_params = ChaosNeuronParams(threshold=0.5, noise_std=0.01, fail_prob=0.5, decay=0.02, refractory_decay=0.95)
    cortex_params = CortexParams(input_size=32, hidden_sizes=[128], neuron=neuron_params)
    cortex = ChaosCortex(cortex_params, kernel="torch")
    readout = torch.nn.Linear(128, 4)
    batch, hidden_size, ticks = 8, 128, 10
    input, state = some_input(batch, 32), None

    torch.manual_seed(1)
    spikes_accum = torch.zeros(batch, hidden_size)
    for _ in range(ticks):
        out, state, layer_spikes = cortex(input, state)
        spikes = layer_spikes[0] if layer_spikes else out
        spikes_accum.add_(spikes)
    avg_spikes = spikes_accum / ticks
    logits = readout(avg_spikes)

    assert logits.shape == (8, 4)
    torch.manual_seed(1)
    assert torch.equal(avg_spikes, cortex.integrate(input, ticks=10, mode="recurrent"))
    logits.square().sum().backward()
    assert cortex.layers[0].w_in.grad.abs().sum() > 0


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("hidden", [(6,), (6, 3)])
def test_every_output_has_its_shape_dtype_and_device(hidden, dtype, device):
    cortex = make(hidden).to(device=device, dtype=dtype)
    x = some_input(5, dtype=dtype, device=device)
    out, states, spikes = cortex(x, None, seeded(device=device))
    out, states, spikes = cortex(x, states, seeded(device=device))
    assert isinstance(spikes, list)
    assert out.shape == (5, hidden[-1])
    assert [s.shape for s in spikes] == [(5, h) for h in hidden]
    assert [part.shape for state in states for part in state] == [(5, h) for h in hidden for _ in range(2)]
    rates = [cortex.integrate(x, 3, mode, seeded(device=device)) for mode in MODES]
    assert [rate.shape for rate in rates] == [(5, hidden[-1])] * 3
    for tensor in (out, *spikes, *(part for state in states for part in state), *rates):
        assert tensor.dtype == dtype
        assert tensor.device.type == device


@settings(deadline=None, max_examples=40)
@given(
    inputs=st.integers(1, 5),
    hidden=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    batch=st.integers(0, 4),
    ticks=st.integers(1, 6),
    mode=st.sampled_from(MODES),
    seed=st.integers(0, 1000),
)
def test_rates_are_spike_counts_over_ticks(inputs, hidden, batch, ticks, mode, seed):
    cortex = make(hidden, inputs, ChaosNeuronParams(threshold=0.1, noise_std=1.0, fail_prob=0.2), seed)
    x = torch.randn(batch, inputs, generator=seeded(seed))
    rate = cortex.integrate(x, ticks, mode, seeded(seed))
    assert rate.shape == (batch, hidden[-1])
    counts = torch.round(rate * ticks)
    assert torch.equal(counts / ticks, rate)
    assert ((counts >= 0) & (counts <= ticks)).all()


@pytest.mark.parametrize("shape", [(), (2, 3), (2, 1, 3), (0,), (2, 0), (0, 3)])
@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
@pytest.mark.parametrize("mode", MODES)
def test_integrate_takes_any_leading_dimensions(mode, hidden, shape):
    cortex = make(hidden)
    x = torch.randn(*shape, 4, generator=seeded(9), requires_grad=True)
    rates = cortex.integrate(x, 5, mode, seeded())
    assert rates.shape == (*shape, hidden[-1])
    assert torch.equal(
        rates.reshape(-1, hidden[-1]), cortex.integrate(x.reshape(math.prod(shape), 4), 5, mode, seeded())
    )
    rates.sum().backward()
    assert x.grad.shape == x.shape


def test_output_current_is_w_rec_times_the_spikes_of_the_last_layer():
    cortex = make((6, 3))
    out, _, spikes = cortex(some_input(50), generator=seeded())
    assert spikes[-1].sum() > 0
    torch.testing.assert_close(out, spikes[-1] @ cortex.layers[-1].w_rec.T)


def test_none_stands_for_rest():
    cortex = make((6, 3))
    x = some_input(5)
    rest = cortex.initial_states(5)
    assert all(isinstance(state, LayerState) for state in rest)
    assert all((part == 0).all() for state in rest for part in state)
    from_none, from_rest = cortex(x, None, seeded()), cortex(x, rest, seeded())
    assert torch.equal(from_none[0], from_rest[0])


def test_a_tick_leaves_the_states_given_to_it_as_they_were():
    cortex = make()
    _, states, _ = cortex(some_input(5), generator=seeded())
    before = copy.deepcopy([(state.v.detach(), state.r.detach()) for state in states])
    cortex(some_input(5), states, seeded())
    for state, (v, r) in zip(states, before, strict=True):
        assert torch.equal(state.v, v)
        assert torch.equal(state.r, r)


@pytest.mark.parametrize("mode", ["recurrent", "feedback"])
def test_one_tick_is_the_same_in_every_mode(mode):
    cortex = make((6, 5))
    x = some_input(30)
    assert torch.equal(cortex.integrate(x, 1, mode, seeded()), cortex.integrate(x, 1, "replica", seeded()))


def test_feedback_differs_from_recurrent_by_w_rec_alone():
    cortex = make((6, 5))
    x = some_input(30)
    assert not torch.equal(cortex.integrate(x, 5, "feedback", seeded()), cortex.integrate(x, 5, "recurrent", seeded()))
    with torch.no_grad():
        cortex.layers[1].w_rec.zero_()
        cortex.layers[0].w_in.fill_(-100.0)  # nobody in layer 0 spikes, so its w_rec does not matter either
    x = x.abs()
    assert torch.equal(cortex.integrate(x, 5, "feedback", seeded()), cortex.integrate(x, 5, "recurrent", seeded()))


# Weights and their signs


@pytest.mark.parametrize(
    ("size", "fraction", "inhibitory"),
    [(10, 0.2, 2), (14, 0.2, 2), (15, 0.2, 3), (4, 0.2, 1), (1, 0.2, 1), (8, 0.5, 4), (8, 1.0, 8), (8, 0.0, 1)],
)
def test_the_last_rows_of_w_rec_are_inhibitory(size, fraction, inhibitory):
    w_rec = make((size,), inhibitory_fraction=fraction).layers[0].w_rec
    assert (w_rec[: size - inhibitory] > 0).all()
    assert (w_rec[size - inhibitory :] < 0).all()


def test_both_matrices_start_kaiming_uniform():
    cortex = make((300, 200), inputs=100)
    for layer, fan_in in zip(cortex.layers, (100, 300), strict=True):
        for weights, fan in ((layer.w_in, fan_in), (layer.w_rec, layer.size)):
            bound = math.sqrt(6 / (1.01 * fan))
            assert weights.abs().max() <= bound
            # The mean of |U(-bound, bound)| is bound / 2.
            error = bound / math.sqrt(12 * weights.numel())
            assert abs(weights.abs().mean().item() - bound / 2) < 5 * error
        assert abs((layer.w_in > 0).double().mean().item() - 0.5) < 2.5 / math.sqrt(layer.w_in.numel())


def test_initial_weights_follow_the_global_seed_and_can_be_drawn_again():
    first, second, third = make(seed=1), make(seed=1), make(seed=2)
    assert torch.equal(first.layers[0].w_in, second.layers[0].w_in)
    assert torch.equal(first.layers[0].w_rec, second.layers[0].w_rec)
    assert not torch.equal(first.layers[0].w_in, third.layers[0].w_in)
    w_in, w_rec = first.layers[0].w_in, first.layers[0].w_rec
    old = w_in.clone(), w_rec.clone()
    first.layers[0].reset_parameters()
    assert not torch.equal(w_in, old[0])
    assert not torch.equal(w_rec, old[1])
    assert torch.equal(w_rec.sign(), old[1].sign())


def test_enforcing_the_signs_sets_wrong_weights_to_zero_and_leaves_the_rest():
    cortex = make((10, 5))
    signs = [layer.w_rec.detach().sign() for layer in cortex.layers]
    with torch.no_grad():
        for parameter in cortex.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=seeded()))
    before = copy.deepcopy(cortex)
    cortex.enforce_ei_constraints()
    for layer, old, sign in zip(cortex.layers, before.layers, signs, strict=True):
        assert torch.equal(layer.w_in, old.w_in)
        right = old.w_rec.sign() == sign
        assert 0 < right.sum() < right.numel()
        assert torch.equal(layer.w_rec[right], old.w_rec[right])
        assert (layer.w_rec[~right] == 0).all()
        assert layer.w_rec.requires_grad
        assert layer.w_rec.is_leaf


def test_fresh_signs_are_kept_by_enforcing_them():
    cortex = make((10, 5))
    before = copy.deepcopy(cortex.state_dict())
    cortex.enforce_ei_constraints()
    for name, value in cortex.state_dict().items():
        assert torch.equal(value, before[name])


def test_parameters_have_their_names_shapes_and_counts():
    cortex = make((6, 3))
    shapes = {name: tuple(parameter.shape) for name, parameter in cortex.named_parameters()}
    assert shapes == {
        "layers.0.w_in": (6, 4),
        "layers.0.w_rec": (6, 6),
        "layers.1.w_in": (3, 6),
        "layers.1.w_rec": (3, 3),
    }
    assert cortex.parameter_counts() == {name: rows * columns for name, (rows, columns) in shapes.items()}
    assert sum(make((16,), inputs=8).parameter_counts().values()) == 384


@pytest.mark.parametrize("hidden", [(6,), (6, 5), (6, 5, 4)])
@pytest.mark.parametrize("mode", MODES)
def test_untrained_parameters_are_those_that_a_rate_gives_no_gradient(mode, hidden):
    cortex = make(hidden)
    rate = cortex.integrate(some_input(200), 4, mode, seeded())
    rate.square().sum().backward()
    idle = [name for name, p in cortex.named_parameters() if p.grad is None or not p.grad.any()]
    assert cortex.untrained_parameters(mode) == idle


# Randomness


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("mode", MODES)
def test_a_generator_is_the_only_source_of_randomness(mode, device):
    cortex = make((6, 5)).to(device)
    x = some_input(20, device=device)
    read = torch.cuda.get_rng_state if device == "cuda" else torch.get_rng_state
    torch.manual_seed(1)
    before = read()
    first = cortex.integrate(x, 5, mode, seeded(7, device))
    _, _, first_spikes = cortex(x, None, seeded(7, device))
    assert torch.equal(read(), before)
    torch.manual_seed(2)
    assert torch.equal(first, cortex.integrate(x, 5, mode, seeded(7, device)))
    assert torch.equal(first_spikes[0], cortex(x, None, seeded(7, device))[2][0])
    assert not torch.equal(first, cortex.integrate(x, 5, mode, seeded(8, device)))


@pytest.mark.parametrize("mode", MODES)
def test_without_a_generator_the_global_seed_decides(mode):
    cortex = make((6, 5))
    x = some_input(20)
    rates = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        rates.append(cortex.integrate(x, 5, mode))
    assert torch.equal(rates[0], rates[1])
    assert not torch.equal(rates[0], rates[2])


@pytest.mark.parametrize("mode", MODES)
def test_a_sure_cortex_draws_nothing(mode):
    cortex = make((6, 5), neuron=ChaosNeuronParams(noise_std=0, fail_prob=0))
    generator, before = seeded(), seeded()
    global_before = torch.get_rng_state()
    cortex.integrate(torch.ones(3, 4), 5, mode, generator)
    cortex.integrate(torch.ones(3, 4), 5, mode)
    assert torch.equal(generator.get_state(), before.get_state())
    assert torch.equal(torch.get_rng_state(), global_before)


@pytest.mark.parametrize("mode", MODES)
def test_training_and_evaluation_are_the_same(mode):
    cortex = make((6, 5))
    x = some_input(20)
    in_training = cortex.train().integrate(x, 5, mode, seeded())
    assert torch.equal(in_training, cortex.eval().integrate(x, 5, mode, seeded()))


# Copies


def test_state_dict_makes_another_cortex_the_same():
    cortex, other = make((6, 5), seed=1), make((6, 5), seed=2)
    x = some_input(20)
    assert not torch.equal(cortex.integrate(x, 5, "feedback", seeded()), other.integrate(x, 5, "feedback", seeded()))
    stored = io.BytesIO()
    torch.save(cortex.state_dict(), stored)
    stored.seek(0)
    other.load_state_dict(torch.load(stored, weights_only=True))
    assert torch.equal(cortex.integrate(x, 5, "feedback", seeded()), other.integrate(x, 5, "feedback", seeded()))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda cortex: pickle.loads(pickle.dumps(cortex))])
def test_a_copy_is_the_same_and_its_own(duplicate):
    cortex = make((6, 5))
    cortex.integrate(some_input(20), 5).sum().backward()
    twin = duplicate(cortex)
    x = some_input(20)
    expected = cortex.integrate(x, 5, "feedback", seeded())
    assert twin.params == cortex.params
    assert torch.equal(twin.integrate(x, 5, "feedback", seeded()), expected)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert torch.equal(cortex.integrate(x, 5, "feedback", seeded()), expected)


def test_repr_shows_the_parameters():
    assert "fail_prob=0.3" in repr(make())


# Wrong inputs


@pytest.mark.parametrize(
    ("x", "got"),
    [
        (torch.zeros(3, 5), r"got shape \(3, 5\) of torch.float32 on cpu"),
        (torch.zeros(4, 3), r"got shape \(4, 3\) of torch.float32 on cpu"),
        (torch.tensor(4.0), r"got shape \(\) of torch.float32 on cpu"),
        (torch.zeros(3, 4, dtype=torch.float64), r"got shape \(3, 4\) of torch.float64 on cpu"),
        (torch.zeros(3, 4, dtype=torch.int64), r"got shape \(3, 4\) of torch.int64 on cpu"),
        (torch.zeros(3, 4, device="meta"), r"got shape \(3, 4\) of torch.float32 on meta"),
        ([[0.0] * 4], "got list"),
        (None, "got NoneType"),
    ],
)
def test_a_wrong_input_is_one_clear_error(x, got):
    cortex = make()
    message = r"tensor of torch.float32 on cpu, " + got + "$"
    with pytest.raises(ValueError, match=r"^x must be a \(B, 4\) " + message):
        cortex(x)
    with pytest.raises(ValueError, match=r"^x must be a \(..., 4\) " + message):
        cortex.integrate(x, 2, "replica")


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4)])
def test_a_tick_wants_rows(shape):
    with pytest.raises(ValueError, match=r"^x must be a \(B, 4\) tensor .*, got shape"):
        make()(torch.zeros(shape))


def states_of(*shapes, dtype=torch.float32):
    return [LayerState(torch.zeros(shape, dtype=dtype), torch.zeros(shape, dtype=dtype)) for shape in shapes]


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ([], r"one LayerState for each of 2 layers, got 0 states"),
        (states_of((3, 6)), r"one LayerState for each of 2 layers, got 1 states"),
        (torch.zeros(2), r"one LayerState for each of 2 layers, got Tensor"),
        ([*states_of((3, 6)), torch.zeros(3, 5)], r"states\[1\] must be a LayerState, got Tensor"),
        (states_of((3, 6), (3, 6)), r"states\[1\]\.v must be a \(3, 5\) tensor .*, got shape \(3, 6\)"),
        (states_of((1, 6), (1, 5)), r"states\[0\]\.v must be a \(3, 6\) tensor .*, got shape \(1, 6\)"),
        (states_of((3, 6), (3, 5), dtype=torch.float64), r"states\[0\]\.v must be .* torch.float32 .*torch.float64"),
        (
            [states_of((3, 6))[0], LayerState(torch.zeros(3, 5), torch.zeros(3, 1))],
            r"states\[1\]\.r must be a \(3, 5\) tensor .*, got shape \(3, 1\)",
        ),
    ],
)
def test_wrong_states_are_one_clear_error(states, message):
    with pytest.raises(ValueError, match=message):
        make((6, 5))(torch.zeros(3, 4), states)


@pytest.mark.parametrize("mode", ["Recurrent", "", "binomial", None, 0, ["replica"]])
def test_an_unknown_mode_is_an_error_that_names_the_known_ones(mode):
    message = "^mode must be one of recurrent, replica, feedback, got "
    with pytest.raises(ValueError, match=message):
        make().integrate(torch.zeros(3, 4), 2, mode)
    with pytest.raises(ValueError, match=message):
        make().untrained_parameters(mode)


@pytest.mark.parametrize("ticks", [0, -1, 1.0, True, "3", None])
def test_ticks_must_be_a_positive_integer(ticks):
    with pytest.raises(ValueError, match=r"^ticks must be an integer >= 1, got "):
        make().integrate(torch.zeros(3, 4), ticks)


@pytest.mark.parametrize("batch", [-1, 2.0, True])
def test_a_batch_of_states_is_an_integer(batch):
    with pytest.raises(ValueError, match=r"^batch must be an integer >= 0, got "):
        make().initial_states(batch)


def test_a_generator_on_another_device_is_an_error():
    with pytest.raises(ValueError, match=r"^generator must be on meta, got one on cpu$"):
        make().to("meta")(torch.zeros(3, 4, device="meta"), generator=seeded())
