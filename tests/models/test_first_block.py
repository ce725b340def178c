"""The fused first block against convolution, batch norm, pooling and ReLU in double precision."""

import contextlib
import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from chaoscl.cortex import kernels
from chaoscl.models.encoder_modules import ImageEncoder

pytest.importorskip("numba", reason="the extra 'fast' is not installed")
from chaoscl.models.first_block import first_block


def modules(channels, outputs, draws):
    """Return a convolution and a norm whose weights are few bits long, so that two sums are equal or clearly differ."""

    def some(*shape):
        return torch.randint(-4, 5, shape, generator=draws) / 4

    convolution, norm = nn.Conv2d(channels, outputs, 3, padding=1), nn.BatchNorm2d(outputs)
    with torch.no_grad():
        convolution.weight.copy_(some(outputs, channels, 3, 3))
        convolution.bias.copy_(some(outputs))
        norm.weight.copy_(some(outputs))
        norm.bias.copy_(some(outputs))
        norm.running_mean.copy_(some(outputs))
        norm.running_var.copy_(some(outputs).abs() + 0.25)
    return nn.Sequential(convolution, norm)


class CentredNorm(nn.BatchNorm2d):
    """Batch norm as its formula is written (Ioffe & Szegedy 2015, algorithm 1): 0 where a value is the mean.

    Torch's module computes value * scale + (shift - mean * scale), whose two products may round differently; in double
    precision too it then lets 1e-17 through ReLU where the formula gives 0.
    """

    def forward(self, values):
        super().forward(values.detach())
        mean, variance = self.running_mean, self.running_var
        if self.training:
            mean, variance = values.mean((0, 2, 3)), values.var((0, 2, 3), unbiased=False)
        mean, variance, scale, shift = (one.view(-1, 1, 1) for one in (mean, variance, self.weight, self.bias))
        return (values - mean) / (variance + self.eps).sqrt() * scale + shift


def doubled(block):
    """Return a copy of a convolution and a norm in double precision, the norm as its formula is written."""
    convolution, norm = block
    copy = nn.Sequential(
        nn.Conv2d(convolution.in_channels, convolution.out_channels, 3, padding=1), CentredNorm(norm.num_features)
    ).double()
    copy.load_state_dict(block.state_dict())
    return copy.train(block.training)


def assert_same_function(pixels, block, reader):
    """Compare what comes out, all gradients and all statistics with torch's modules in double precision."""
    reference = doubled(block)
    expected = nn.functional.max_pool2d(reference(pixels.double()), 2).relu()
    (expected * reader).sum().backward()
    mapped = first_block(pixels, *block)
    (mapped * reader).sum().backward()
    assert mapped.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(mapped.double(), expected, rtol=1e-4, atol=1e-4)
    for (name, one), other in zip(block.named_parameters(), reference.parameters(), strict=True):
        size = max(1.0, float(reader.abs().sum()))
        torch.testing.assert_close(one.grad.double(), other.grad, rtol=1e-4, atol=1e-5 * size, msg=name)
    for (name, one), other in zip(block.named_buffers(), reference.buffers(), strict=True):
        torch.testing.assert_close(one.double(), other.double(), rtol=1e-5, atol=1e-5, msg=name)


@given(
    n=st.integers(1, 4),
    channels=st.integers(1, 3),
    height=st.integers(2, 9),
    width=st.integers(2, 9),
    outputs=st.integers(1, 5),
    training=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_it_is_the_function_of_the_four_modules(n, channels, height, width, outputs, training, seed):
    draws = torch.Generator().manual_seed(seed)
    block = modules(channels, outputs, draws).train(training)
    pixels = torch.randint(-3, 4, (n, channels, height, width), generator=draws).float()
    assert_same_function(pixels, block, torch.randn(n, outputs, height // 2, width // 2, generator=draws).double())


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_at_the_sizes_of_the_data_sets(shape, training):
    draws = torch.Generator().manual_seed(0)
    block = modules(shape[0], 32, draws).train(training)
    pixels = torch.randint(-3, 4, (64, *shape), generator=draws).float()
    reader = torch.randn(64, 32, shape[1] // 2, shape[2] // 2, generator=draws).double()
    assert_same_function(pixels, block, reader)


def test_an_image_of_one_value_is_normalised_as_torch_does():
    block = modules(1, 3, torch.Generator().manual_seed(1)).train()
    assert_same_function(torch.full((2, 1, 6, 6), 0.5), block, torch.ones(2, 3, 3, 3).double())


def test_what_is_not_a_number_is_not_hidden():
    block = modules(1, 2, torch.Generator().manual_seed(2)).eval()
    with torch.no_grad():
        block[0].weight[0] = float("nan")
    mapped = first_block(torch.ones(1, 1, 4, 4), *block)
    assert mapped[:, 0].isnan().all()
    assert not mapped[:, 1].isnan().any()


def test_a_pixel_that_is_not_a_number_is_not_hidden_by_its_neighbours():
    block = modules(1, 5, torch.Generator().manual_seed(2)).eval()
    for row in range(6):
        for column in range(6):
            pixels = torch.ones(1, 1, 6, 6)
            pixels[0, 0, row, column] = float("nan")
            expected = nn.functional.max_pool2d(block(pixels), 2).relu()
            assert torch.equal(first_block(pixels, *block).isnan(), expected.isnan())


def test_a_value_that_is_the_mean_does_not_pass_relu():
    draws = torch.Generator().manual_seed(1007773001)
    block = modules(1, 4, draws).eval()
    pixels = torch.randint(-3, 4, (4, 1, 6, 3), generator=draws).float()
    expected = nn.functional.max_pool2d(block(pixels), 2).relu()
    assert torch.equal(first_block(pixels, *block) == 0, expected == 0)


def encoders(shape=(1, 28, 28)):
    """Return the same encoder under both kernels."""
    pair = [ImageEncoder(shape, 16, (4, 8), "flatten", kernel) for kernel in ("torch", "fused")]
    pair[1].load_state_dict(pair[0].state_dict())
    return pair


def test_an_encoder_with_it_computes_the_same():
    plain, fused = encoders()
    pixels = torch.randn(5, 1, 28, 28)
    for _ in range(3):
        torch.testing.assert_close(fused(pixels), plain(pixels), rtol=1e-4, atol=1e-5)
    plain.eval()
    fused.eval()
    torch.testing.assert_close(fused(pixels), plain(pixels), rtol=1e-4, atol=1e-5)


def test_pixels_that_need_a_gradient_get_one():
    plain, fused = encoders()
    gradients = []
    for encoder in (plain, fused):
        pixels = torch.ones(2, 1, 28, 28).requires_grad_()
        encoder(pixels).sum().backward()
        gradients.append(pixels.grad)
    assert torch.equal(*gradients)


def test_it_stays_in_single_precision_where_the_rest_is_in_bfloat16():
    _, fused = encoders()
    pixels = torch.randn(5, 1, 28, 28)
    mapped = first_block(pixels, *fused.eval().blocks[0][:2])
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(first_block(pixels, *fused.blocks[0][:2]), mapped)
        fused(pixels).sum().backward()
    assert fused.blocks[0][0].weight.grad.dtype == torch.float32


# In a PyTorch program


@contextlib.contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextlib.contextmanager
def default_device(device):
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)


@pytest.mark.parametrize(
    "defaults",
    [lambda: default_dtype(torch.float64), lambda: default_device("meta"), lambda: torch.device("meta")],
    ids=["dtype", "device", "device context"],
)
@pytest.mark.parametrize("training", [True, False])
def test_torch_s_defaults_have_no_say(defaults, training):
    block = modules(2, 3, torch.Generator().manual_seed(0)).train(training)
    pixels = torch.randn(4, 2, 6, 6)
    found = []
    for context in (contextlib.nullcontext(), defaults()):
        twin = copy.deepcopy(block)
        with context:
            mapped = first_block(pixels, *twin)
            mapped.sum().backward()
        found.append([mapped, *(one.grad for one in twin.parameters()), *twin.buffers()])
    for one, other in zip(*found, strict=True):
        assert other.dtype == one.dtype
        assert torch.equal(one, other)


@pytest.mark.parametrize("training", [True, False])
def test_no_rows_leave_what_they_leave_with_torch_s_modules(training):
    plain, fused = encoders()
    for encoder in (plain, fused):
        embeddings = encoder.train(training)(torch.empty(0, 1, 28, 28))
        embeddings.sum().backward()
        assert embeddings.shape == (0, 16)
    for one, other in zip(fused.parameters(), plain.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)
    for one, other in zip(fused.buffers(), plain.buffers(), strict=True):
        assert torch.equal(one, other)


def test_weights_of_another_dtype_are_an_error_as_with_torch_s_modules():
    for encoder in encoders():
        with pytest.raises(RuntimeError, match="same"):
            encoder.double()(torch.randn(2, 1, 28, 28))


def test_it_can_be_compiled_and_exported():
    plain, fused = encoders()
    pixels = torch.randn(5, 1, 28, 28)
    compiled = torch.compile(copy.deepcopy(fused), backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(pixels), plain(pixels), rtol=1e-4, atol=1e-5)
    compiled(pixels).sum().backward()
    assert compiled.blocks[0][0].weight.grad.any()
    program = torch.export.export(fused.eval(), (pixels,))
    torch.testing.assert_close(program.module()(pixels), fused(pixels), rtol=1e-4, atol=1e-5)
    torch.compiler.reset()


def test_gradients_of_each_sample_are_those_of_torch_s_modules():
    plain, fused = (encoder.eval() for encoder in encoders())
    pixels = torch.randn(5, 1, 28, 28)

    def each(encoder):
        def total(parameters, image):
            return torch.func.functional_call(encoder, parameters, (image[None],)).sum()

        return torch.func.vmap(torch.func.grad(total), (None, 0))(dict(encoder.named_parameters()), pixels)

    for one, other in zip(each(fused).values(), each(plain).values(), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", ["blocks", "blocks.0", "blocks.0.0", "blocks.0.3"])
def test_hooks_of_its_modules_are_called(name):
    _, fused = encoders()
    pixels, seen = torch.randn(2, 1, 28, 28), []
    handle = fused.get_submodule(name).register_forward_hook(lambda module, given, returned: seen.append(returned))
    hooked = fused.eval()(pixels)
    handle.remove()
    torch.testing.assert_close(fused(pixels), hooked, rtol=1e-4, atol=1e-5)
    assert len(seen) == 1


def test_where_numba_does_not_import_one_line_says_so(monkeypatch):
    _, fused = encoders()
    monkeypatch.setattr(kernels, "_found", lambda name: False)
    with pytest.raises(ValueError, match=r"^the fused kernel needs numba, which"):
        fused(torch.randn(2, 1, 28, 28))
