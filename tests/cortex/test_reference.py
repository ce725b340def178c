"""The cortex against an independent simulation in numpy: plain loops, and a reverse pass derived by hand.

Notation of one tick of one neuron, ChaosNet's seven steps:

    u = v + c + sigma eps      c = (W_in x)_i, plus y_i of the last tick with feedback
    w = u (1 - r)
    s = keep [w > theta]
    z = rho r + s
    r' = clamp(z, 0, 1)
    v' = w (1 - delta)
    y = W_rec s

and, from the end back, with a bar for the derivative of the loss:

    sbar = W_rec^T ybar + clamp'(z) r'bar + (what reads the spike)
    wbar = (1 - delta) v'bar + max(0, 1 - |w - theta|) keep sbar
    rbar = rho clamp'(z) r'bar - u wbar
    vbar = cbar = (1 - r) wbar
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams, LayerState

BUSY = {"threshold": 0.4, "decay": 0.1, "refractory_decay": 0.6}
NOISELESS = {"noise_std": 0.0, "fail_prob": 0.0}
NOISY = {"noise_std": 0.3, "fail_prob": 0.4}


def clamp_slope(z):
    return 1.0 if 0.0 < z < 1.0 else 0.0


def product(matrix, vector):
    return [sum(float(w) * float(a) for w, a in zip(row, vector, strict=True)) for row in matrix]


def simulate(x, w_in, w_rec, p, ticks, draws, start=None, feedback=False):
    """Return per tick and layer a list over samples of dicts of what each neuron did.

    ``draws[t][k]`` holds (eps, keep), each (B, H_k); ``start[k]`` holds (v, r), each (B, H_k).
    """
    batch, depth = len(x), len(w_in)
    v = [np.zeros((batch, len(w))) if start is None else start[k][0].copy() for k, w in enumerate(w_in)]
    r = [np.zeros((batch, len(w))) if start is None else start[k][1].copy() for k, w in enumerate(w_in)]
    y = [np.zeros((batch, len(w))) for w in w_in]
    tape = []
    for t in range(ticks):
        tape.append([])
        inputs = x
        for k in range(depth):
            eps, keep = draws[t][k]
            seen = {name: np.zeros((batch, len(w_in[k]))) for name in ("u", "w", "r", "s", "z", "y")}
            seen["input"], seen["keep"] = inputs.copy(), keep
            for b in range(batch):
                c = product(w_in[k], inputs[b])
                for i in range(len(c)):
                    u = v[k][b, i] + c[i] + (y[k][b, i] if feedback else 0.0) + p.noise_std * eps[b, i]
                    w = u * (1.0 - r[k][b, i])
                    s = float(keep[b, i]) if w > p.threshold else 0.0
                    z = r[k][b, i] * p.refractory_decay + s
                    for name, value in (("u", u), ("w", w), ("r", r[k][b, i]), ("s", s), ("z", z)):
                        seen[name][b, i] = value
                    r[k][b, i] = min(max(z, 0.0), 1.0)
                    v[k][b, i] = w * (1.0 - p.decay)
                seen["y"][b] = product(w_rec[k], seen["s"][b])
            y[k] = seen["y"]
            inputs = seen["y"]
            tape[-1].append(seen)
    return tape, list(zip(v, r, strict=True))


def reverse(tape, w_in, w_rec, p, s_bar, out_bar=None, end_bar=None, feedback=False):
    """Return the derivatives of a loss to (x, W_in, W_rec, start).

    ``s_bar[t][k]`` are the loss' direct derivatives to the spikes, ``out_bar[t]`` those to the last layer's output
    current, ``end_bar[k]`` those to the last state (v, r). Each has the shape of what it belongs to.
    """
    ticks, depth, batch = len(tape), len(w_in), len(tape[0][0]["s"])
    d_in, d_rec = [np.zeros_like(w) for w in w_in], [np.zeros_like(w) for w in w_rec]
    d_x = np.zeros_like(tape[0][0]["input"])
    v_bar = [np.zeros((batch, len(w))) if end_bar is None else end_bar[k][0].copy() for k, w in enumerate(w_in)]
    r_bar = [np.zeros((batch, len(w))) if end_bar is None else end_bar[k][1].copy() for k, w in enumerate(w_in)]
    fed_bar = [np.zeros((batch, len(w))) for w in w_in]
    for t in reversed(range(ticks)):
        above = np.zeros((batch, len(w_in[-1]))) if out_bar is None else out_bar[t]
        for k in reversed(range(depth)):
            seen = tape[t][k]
            y_bar = above + (fed_bar[k] if feedback else 0.0)
            above = np.zeros_like(seen["input"])
            for b in range(batch):
                for i in range(len(w_in[k])):
                    through_clamp = clamp_slope(seen["z"][b, i]) * r_bar[k][b, i]
                    s = s_bar[t][k][b, i] + through_clamp
                    for j in range(len(w_rec[k])):
                        s += w_rec[k][j, i] * y_bar[b, j]
                        d_rec[k][j, i] += y_bar[b, j] * seen["s"][b, i]
                    triangle = max(0.0, 1.0 - abs(seen["w"][b, i] - p.threshold))
                    w = (1.0 - p.decay) * v_bar[k][b, i] + triangle * float(seen["keep"][b, i]) * s
                    r_bar[k][b, i] = p.refractory_decay * through_clamp - seen["u"][b, i] * w
                    c = (1.0 - seen["r"][b, i]) * w
                    v_bar[k][b, i] = c
                    fed_bar[k][b, i] = c
                    for j in range(seen["input"].shape[1]):
                        d_in[k][i, j] += c * seen["input"][b, j]
                        above[b, j] += c * w_in[k][i, j]
        d_x += above
    return d_x, d_in, d_rec, list(zip(v_bar, r_bar, strict=True))


def regenerate(seed, p, shapes, ticks):
    """Return the draws that the cortex makes from a generator with ``seed``: tick by tick, layer by layer."""
    generator = torch.Generator().manual_seed(seed)
    draws = []
    for _ in range(ticks):
        draws.append([])
        for shape in shapes:
            eps, keep = np.zeros(shape), np.ones(shape)
            if p.noise_std > 0:
                eps = torch.randn(shape, generator=generator, dtype=torch.float64).numpy()
            if p.fail_prob > 0:
                keep = (torch.rand(shape, generator=generator, dtype=torch.float64).numpy() >= p.fail_prob).astype(
                    float
                )
            draws[-1].append((eps, keep))
    return draws


def build(hidden, neuron, seed, inputs=4, batch=3):
    """Return a float64 cortex with lively weights, its input, and both as numpy arrays."""
    rng = np.random.default_rng(seed)
    cortex = ChaosCortex(CortexParams(inputs, hidden, neuron)).to(torch.float64)
    with torch.no_grad():
        for parameter in cortex.parameters():
            parameter.copy_(torch.from_numpy(rng.normal(0.0, 0.6, parameter.shape)))
    x = torch.from_numpy(rng.normal(0.2, 1.0, (batch, inputs))).requires_grad_()
    w_in = [layer.w_in.detach().numpy() for layer in cortex.layers]
    w_rec = [layer.w_rec.detach().numpy() for layer in cortex.layers]
    return cortex, x, w_in, w_rec, rng


def assert_close(actual, expected):
    """Compare to 1e-10 of the largest entry; a gradient that never came counts as zero."""
    actual = np.zeros_like(expected) if actual is None else actual.detach().numpy()
    assert actual.shape == expected.shape
    assert np.abs(actual - expected).max() <= 1e-10 * np.abs(expected).max()


def compare_integrate(hidden, neuron, mode, ticks, seed, batch=3):
    """Compare the rate and all gradients of ``integrate`` with the simulation; return its tape."""
    cortex, x, w_in, w_rec, rng = build(hidden, neuron, seed, batch=batch)
    weights = rng.normal(size=(len(x), hidden[-1]))
    rate = cortex.integrate(x, ticks, mode, torch.Generator().manual_seed(seed))
    (rate * torch.from_numpy(weights)).sum().backward()

    copies, steps = (ticks, 1) if mode == "replica" else (1, ticks)
    inputs = np.concatenate([x.detach().numpy()] * copies)
    draws = regenerate(seed, neuron, [(len(inputs), h) for h in hidden], steps)
    tape, _ = simulate(inputs, w_in, w_rec, neuron, steps, draws, feedback=mode == "feedback")
    counts = sum(layers[-1]["s"] for layers in tape).reshape(copies, len(x), hidden[-1]).sum(0)
    np.testing.assert_array_equal(rate.detach().numpy() * ticks, counts)

    s_bar = [[np.zeros_like(seen["s"]) for seen in layers] for layers in tape]
    for t in range(steps):
        s_bar[t][-1] += np.concatenate([weights / ticks] * copies)
    d_x, d_in, d_rec, _ = reverse(tape, w_in, w_rec, neuron, s_bar, feedback=mode == "feedback")
    assert_close(x.grad, d_x.reshape(copies, len(x), -1).sum(0))
    for k, layer in enumerate(cortex.layers):
        assert_close(layer.w_in.grad, d_in[k])
        assert_close(layer.w_rec.grad, d_rec[k])
    return tape


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("draws", [NOISELESS, NOISY], ids=["noiseless", "noisy"])
@pytest.mark.parametrize("hidden", [[6], [6, 5]], ids=["one-layer", "two-layers"])
@pytest.mark.parametrize("mode", ["recurrent", "replica", "feedback"])
def test_integrate_and_its_gradients_agree_with_the_simulation(mode, hidden, draws, seed):
    tape = compare_integrate(hidden, ChaosNeuronParams(**BUSY, **draws), mode, ticks=7, seed=seed)
    # The comparison means little unless every branch was taken.
    for k in range(len(hidden)):
        s, w, z, r = (np.concatenate([layers[k][name] for layers in tape]) for name in ("s", "w", "z", "r"))
        assert 0 < s.sum() < s.size
        assert (np.abs(w - BUSY["threshold"]) > 1).any()
        if mode != "replica":
            assert (z > 1).any()
            assert ((z > 0) & (z < 1)).any()
            assert (s[r > 0] > 0).any()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    neuron=st.builds(
        ChaosNeuronParams,
        threshold=st.floats(-1, 1),
        noise_std=st.just(0.0) | st.floats(0.01, 1),
        fail_prob=st.floats(0, 1),
        decay=st.floats(0, 1),
        refractory_decay=st.floats(0, 1),
    ),
    hidden=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    mode=st.sampled_from(["recurrent", "replica", "feedback"]),
    ticks=st.integers(1, 5),
    batch=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_neuron_shape_and_mode_agrees_with_the_simulation(neuron, hidden, mode, ticks, batch, seed):
    compare_integrate(hidden, neuron, mode, ticks, seed, batch)


@pytest.mark.parametrize("chance", [NOISELESS, NOISY], ids=["noiseless", "noisy"])
@pytest.mark.parametrize("hidden", [[6], [6, 5]], ids=["one-layer", "two-layers"])
def test_ticks_by_hand_agree_in_every_output_and_every_gradient(hidden, chance):
    ticks, neuron = 5, ChaosNeuronParams(**BUSY, **chance)
    draws = regenerate(5, neuron, [(3, h) for h in hidden], ticks)
    cortex, x, w_in, w_rec, rng = build(hidden, neuron, seed=5)
    start = [(rng.normal(size=(3, h)), rng.uniform(0, 1, (3, h))) for h in hidden]
    states = [LayerState(*(torch.from_numpy(a.copy()).requires_grad_() for a in pair)) for pair in start]
    given_states = list(states)
    s_bar = [[rng.normal(size=(3, h)) for h in hidden] for _ in range(ticks)]
    out_bar = [rng.normal(size=(3, hidden[-1])) for _ in range(ticks)]
    end_bar = [(rng.normal(size=(3, h)), rng.normal(size=(3, h))) for h in hidden]

    tape, end = simulate(x.detach().numpy(), w_in, w_rec, neuron, ticks, draws, start)
    generator, loss = torch.Generator().manual_seed(5), torch.zeros((), dtype=torch.float64)
    for t in range(ticks):
        out, states, spikes = cortex(x, states, generator=generator)
        np.testing.assert_allclose(out.detach().numpy(), tape[t][-1]["y"], rtol=0, atol=1e-12)
        loss = loss + (out * torch.from_numpy(out_bar[t])).sum()
        for k in range(len(hidden)):
            np.testing.assert_array_equal(spikes[k].detach().numpy(), tape[t][k]["s"])
            loss = loss + (spikes[k] * torch.from_numpy(s_bar[t][k])).sum()
    for k in range(len(hidden)):
        for actual, expected, bar in zip(states[k], end[k], end_bar[k], strict=True):
            np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=0, atol=1e-12)
            loss = loss + (actual * torch.from_numpy(bar)).sum()
    loss.backward()

    d_x, d_in, d_rec, d_start = reverse(tape, w_in, w_rec, neuron, s_bar, out_bar, end_bar)
    assert_close(x.grad, d_x)
    for k, layer in enumerate(cortex.layers):
        assert_close(layer.w_in.grad, d_in[k])
        assert_close(layer.w_rec.grad, d_rec[k])
        assert_close(given_states[k].v.grad, d_start[k][0])
        assert_close(given_states[k].r.grad, d_start[k][1])


@pytest.mark.parametrize("feedback", [False, True])
def test_the_reverse_pass_itself_agrees_with_finite_differences_where_the_loss_is_smooth(feedback):
    """Of the state's potential, while no neuron spikes, the simulation is smooth and needs no surrogate."""
    p = ChaosNeuronParams(threshold=50.0, decay=0.1, refractory_decay=0.6, **NOISELESS)
    _, x, w_in, w_rec, rng = build([4], p, seed=3)
    x = x.detach().numpy()
    start = [(rng.normal(size=(3, 4)), rng.uniform(0.2, 0.9, (3, 4)))]
    end_bar = [(rng.normal(size=(3, 4)), rng.normal(size=(3, 4)))]
    draws = regenerate(0, p, [(3, 4)], 3)

    def loss(x, w, start):
        _, end = simulate(x, [w], w_rec, p, 3, draws, start, feedback)
        return sum((a * bar).sum() for a, bar in zip(end[0], end_bar[0], strict=True))

    tape, _ = simulate(x, w_in, w_rec, p, 3, draws, start, feedback)
    s_bar = [[np.zeros((3, 4))]] * 3
    d_x, d_in, _, d_start = reverse(tape, w_in, w_rec, p, s_bar, end_bar=end_bar, feedback=feedback)
    for derivative, place in ((d_x, 0), (d_in[0], 1), (d_start[0][0], 2), (d_start[0][1], 3)):
        arguments = [x, w_in[0], *start[0]]
        for index in np.ndindex(derivative.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = [a.copy() for a in arguments]
                moved[place][index] += step
                sides.append(loss(moved[0], moved[1], [(moved[2], moved[3])]))
            assert (sides[0] - sides[1]) / 2e-6 == pytest.approx(derivative[index], rel=1e-6, abs=1e-7)
