"""The cortex in torch's own machinery: autocast, torch.compile, torch.export, torch.func, second derivatives."""

import contextlib
import copy
from functools import partial

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils.flop_counter import FlopCounterMode

from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams
from chaoscl.cortex.recording import record

LIVELY = ChaosNeuronParams(threshold=0.2, noise_std=0.5, fail_prob=0.3, refractory_decay=0.5)
TICKS = 3
ONE_LAYER = [(kernel, mode, (6,)) for kernel in ("torch", "fused") for mode in ("recurrent", "replica")]
EVERY = [*ONE_LAYER, ("auto", "feedback", (6,)), ("auto", "recurrent", (6, 5))]


class Counts(nn.Module):
    """A cortex as part of a network: mean spikes of 4 inputs."""

    def __init__(self, kernel, mode, hidden, seed=0):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.cortex = ChaosCortex(CortexParams(4, hidden, LIVELY), kernel)
        self.mode = mode

    def forward(self, x, generator=None):
        return self.cortex.integrate(x, TICKS, self.mode, generator)


@pytest.fixture(params=ONE_LAYER, ids=str)
def one_layer(request):
    if request.param[0] == "fused":
        pytest.importorskip("numba", reason="the extra 'fast' is not installed")
    return Counts(*request.param)


@pytest.fixture(params=EVERY, ids=str)
def counts(request):
    if request.param[0] == "fused":
        pytest.importorskip("numba", reason="the extra 'fast' is not installed")
    return Counts(*request.param)


@pytest.fixture(autouse=True)
def _compile_afresh():
    yield
    torch.compiler.reset()


def some_input(*shape):
    return torch.randn(*shape, 4, generator=torch.Generator().manual_seed(9))


def reader(rates):
    """Return fixed weights of rates, so that their sum has a gradient that differs from neuron to neuron."""
    return torch.arange(rates.numel()).view_as(rates).sin()


def results(call, module, x, **more):
    """Return the rates of a call from a fixed random state, the gradients to input and weights, the state it leaves."""
    x = x.clone().requires_grad_()
    torch.manual_seed(3)
    rates = call(x, **more)
    gradients = torch.autograd.grad((rates * reader(rates)).sum(), (x, *module.parameters()), allow_unused=True)
    return rates.detach(), gradients, torch.get_rng_state()


def assert_same(found, expected):
    assert torch.equal(found[0], expected[0])
    assert found[0].any()
    for one, other in zip(found[1], expected[1], strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    assert torch.equal(found[2], expected[2])


# Autocast


def test_under_autocast_all_is_computed_in_single_precision(counts):
    x = some_input(5).bfloat16()
    expected = results(counts, counts, x.float())
    given = x.clone().requires_grad_()
    torch.manual_seed(3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rates = counts(given)
    (rates * reader(rates)).sum().backward()
    assert rates.dtype == torch.float32
    assert torch.equal(rates, expected[0])
    assert torch.equal(given.grad, expected[1][0].bfloat16())
    for parameter, other in zip(counts.parameters(), expected[1][1:], strict=True):
        assert (parameter.grad is None) == (other is None)
        assert other is None or torch.equal(parameter.grad, other)


def test_a_backward_pass_inside_autocast_is_in_single_precision_too(one_layer):
    expected = results(one_layer, one_layer, some_input(5))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = results(one_layer, one_layer, some_input(5))
    assert all(torch.equal(*pair) for pair in zip(found[1][:2], expected[1][:2], strict=True))


def test_under_autocast_a_tick_and_a_recording_are_those_of_outside():
    cortex, x = Counts("auto", "recurrent", (6, 5)).cortex, some_input(5)
    found = []
    for context in (contextlib.nullcontext(), torch.autocast("cpu", dtype=torch.bfloat16)):
        torch.manual_seed(3)
        with context:
            out, states, _ = cortex(x)
            out, states, _ = cortex(x, states)
            found.append([out, *states[0], *states[1], record(cortex, x, TICKS).potentials[1]])
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))


def test_autocast_makes_no_other_dtype_right():
    counts = Counts("auto", "recurrent", (6,))
    with pytest.raises(ValueError, match=r"got shape \(5, 4\) of torch.bfloat16"):
        counts(some_input(5).bfloat16())
    with torch.autocast("cpu", dtype=torch.bfloat16), pytest.raises(ValueError, match=r"of torch.float64"):
        counts(some_input(5).double())
    with torch.autocast("cpu", dtype=torch.bfloat16), pytest.raises(ValueError, match="got list"):
        counts([1.0])


def test_shapes_are_found_without_memory():
    counts = Counts("auto", "recurrent", (6,)).to("meta")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert counts(some_input(2, 5).to("meta")).shape == (2, 5, 6)


# Tracing


def test_compiled_it_is_the_same_at_every_batch_size(counts):
    compiled = torch.compile(counts, backend="aot_eager", fullgraph=True)
    for batch in (5, 7, 0):
        x = some_input(batch)
        found, expected = results(compiled, counts, x), results(counts, counts, x)
        if batch:
            assert_same(found, expected)
        assert found[0].shape == (batch, counts.cortex.params.hidden_sizes[-1])
    for weights_are_trained in (True, False):  # without a gradient, the fused kernel may draw replicas otherwise
        counts.requires_grad_(weights_are_trained)
        with torch.no_grad():
            torch.manual_seed(3)
            rates = compiled(some_input(5))
            torch.manual_seed(3)
            assert torch.equal(rates, counts(some_input(5)))


def test_a_generator_breaks_the_compiler_s_graph_and_nothing_else(counts):
    compiled = torch.compile(counts, backend="aot_eager")
    found, expected = (
        results(call, counts, some_input(5), generator=torch.Generator().manual_seed(1)) for call in (compiled, counts)
    )
    assert_same(found, expected)


def test_compiled_under_autocast_it_is_in_single_precision(one_layer):
    expected = results(one_layer, one_layer, some_input(5))
    compiled = torch.compile(one_layer, backend="aot_eager", fullgraph=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(results(compiled, one_layer, some_input(5))[0], expected[0])


def test_exported_it_is_the_same_at_every_batch_size(counts):
    program = torch.export.export(counts, (some_input(5),), dynamic_shapes=({0: torch.export.Dim("batch")},))
    for batch in (5, 9):
        torch.manual_seed(3)
        rates = program.module()(some_input(batch))
        torch.manual_seed(3)
        assert torch.equal(rates, counts(some_input(batch)))


@pytest.mark.filterwarnings("ignore")  # torch.jit goes
@pytest.mark.parametrize("trace", [lambda call, x: make_fx(call)(x), partial(torch.jit.trace, check_trace=False)])
def test_a_traced_graph_counts_and_holds_no_constants(trace, one_layer):
    graph = trace(one_layer, some_input(5))
    x = some_input(5) + 1
    torch.manual_seed(3)
    rates = graph(x)
    torch.manual_seed(3)
    assert torch.equal(rates, one_layer(x))


def test_a_counter_of_operations_sees_the_product_with_the_weights_alone(one_layer):
    with FlopCounterMode(display=False) as counter:
        one_layer(some_input(5))
    assert counter.get_total_flops() == 2 * 5 * 4 * 6


# Transforms of functions


def loss(module, parameters, x):
    rates = functional_call(module, parameters, (x,))
    return (rates * reader(rates)).sum()


def each_gradient(module, x):
    """Return the gradients of each row's loss, from the same random state for each, by name."""
    rows = []
    for row in x:
        torch.manual_seed(3)
        found = torch.autograd.grad(loss(module, {}, row), module.parameters(), allow_unused=True)
        rows.append([torch.zeros_like(p) if g is None else g for g, p in zip(found, module.parameters(), strict=True)])
    names = [name for name, _ in module.named_parameters()]
    return {name: torch.stack(some) for name, some in zip(names, zip(*rows, strict=True), strict=True)}


def test_gradients_of_each_sample_are_those_of_a_loop(counts):
    parameters, x = dict(counts.named_parameters()), some_input(5)
    torch.manual_seed(3)
    found = vmap(grad(lambda some, row: loss(counts, some, row)), (None, 0), randomness="same")(parameters, x)
    expected = each_gradient(counts, x)
    assert expected["cortex.layers.0.w_in"].any()
    assert found.keys() == expected.keys()
    for name, value in found.items():
        torch.testing.assert_close(value, expected[name], rtol=1e-5, atol=1e-6)


def test_vmap_draws_as_its_randomness_says(counts):
    rows = some_input(1).expand(20, 4)
    torch.manual_seed(3)
    same, different = (vmap(counts, randomness=randomness)(rows) for randomness in ("same", "different"))
    assert all(torch.equal(row, same[0]) for row in same)
    assert not all(torch.equal(row, different[0]) for row in different)
    with pytest.raises(RuntimeError, match="random"):
        vmap(counts)(rows)


def test_vmap_takes_a_generator_any_dimension_and_no_rows(counts):
    x = some_input(5)
    seeded = (torch.Generator().manual_seed(1) for _ in range(6))
    found = vmap(lambda row: counts(row, next(seeded)), in_dims=1, randomness="same")(x.T)
    assert torch.equal(found, torch.stack([counts(row, next(seeded)) for row in x]))
    assert vmap(counts, randomness="different")(x[:0]).shape == (0, found.shape[1])


def test_a_gradient_around_vmap_is_that_of_the_rows(one_layer):
    parameters, x = dict(one_layer.named_parameters()), some_input(5)

    def total(some):
        return vmap(lambda row: loss(one_layer, some, row), randomness="same")(x).sum()

    torch.manual_seed(3)
    found = grad(total)(parameters)["cortex.layers.0.w_in"]
    expected = each_gradient(one_layer, x)["cortex.layers.0.w_in"].sum(0)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_a_gradient_around_vmap_reaches_the_input_of_frozen_weights(one_layer):
    one_layer.requires_grad_(False)
    x = some_input(5)
    torch.manual_seed(3)
    found = grad(lambda given: vmap(one_layer, randomness="same")(given).sum())(x)
    for row, gradient in zip(x, found, strict=True):
        torch.manual_seed(3)
        expected = torch.autograd.functional.jacobian(lambda one: one_layer(one).sum(), row)
        assert expected.any()
        torch.testing.assert_close(gradient, expected, rtol=1e-5, atol=1e-6)


def test_an_ensemble_runs_in_one_call(counts):
    members = [copy.deepcopy(counts) for _ in range(3)]
    for member in members:
        member.cortex.layers[0].reset_parameters()
    x, base = some_input(5), copy.deepcopy(counts).to("meta")
    torch.manual_seed(3)
    call = vmap(lambda stacked: functional_call(base, stacked, (x,)), randomness="same")
    found = call(stack_module_state(members)[0])
    for rates, member in zip(found, members, strict=True):
        torch.manual_seed(3)
        torch.testing.assert_close(rates, member(x))


def test_gradients_of_each_sample_can_be_compiled(one_layer):
    parameters, x = dict(one_layer.named_parameters()), some_input(5)
    each = vmap(grad(lambda some, row: loss(one_layer, some, row)), (None, 0), randomness="same")
    torch.manual_seed(3)
    found = torch.compile(each, backend="aot_eager", fullgraph=True)(parameters, x)
    for name, value in each_gradient(one_layer, x).items():
        torch.testing.assert_close(found[name], value, rtol=1e-5, atol=1e-6)


# Second derivatives


def test_a_second_derivative_is_an_error_and_never_a_zero(one_layer):
    x = some_input(5).requires_grad_()
    (gradient,) = torch.autograd.grad(one_layer(x).square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        gradient.square().sum().backward()


def test_in_torch_func_the_torch_kernel_has_the_second_derivative_of_the_ticks_as_written():
    counts, x = Counts("torch", "recurrent", (6,)), some_input()

    def written(row):
        torch.manual_seed(3)
        return counts.cortex._count_over_time(row[None], TICKS, False, None).sum() / TICKS

    def transformed(row):
        torch.manual_seed(3)
        return counts(row).sum()

    expected = torch.autograd.functional.hessian(written, x)
    assert expected.any()
    found = grad(lambda row: (grad(transformed)(row) * torch.arange(4.0)).sum())(x)
    torch.testing.assert_close(found, expected @ torch.arange(4.0), rtol=1e-4, atol=1e-5)


def test_in_torch_func_the_fused_kernel_refuses_a_second_derivative_and_a_forward_one():
    pytest.importorskip("numba", reason="the extra 'fast' is not installed")
    counts, x = Counts("fused", "recurrent", (6,)), some_input()
    with pytest.raises(RuntimeError, match=r"no second derivative; in torch\.func, kernel='torch' has one"):
        grad(lambda row: grad(lambda one: counts(one).sum())(row).sum())(x)
    with pytest.raises(NotImplementedError, match="jvp"):
        torch.func.jvp(counts, (x,), (x,))
