"""The image encoder's first block in one pass: convolution, batch norm, max-pooling and ReLU of images.

Needs numba. The same function as torch's four modules, other rounding. Three things make it cheap, and all three are
there only in a first block, whose input is an image that needs no gradient:

- The batch's mean and variance of a convolution w * x follow from the mean m and the covariance C of the image patches:
  w.m and w'Cw. So the maps need not be written before they can be normalised.
- Of four positions pooling keeps one, so only that is written, with which of the four it was.
- The gradients are sums over patches, and the part that batch norm adds at every position (Ioffe & Szegedy 2015,
  section 3) is a sum over all patches: m and C again. What is left are the positions that pooling kept.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from chaoscl.models.first_block_loops import TAPS, pass_back, pass_on, sum_patches


def first_block(pixels: Tensor, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> Tensor:
    """Return ReLU(maximum over 2 x 2 of norm(convolution(pixels))); in training, the norm keeps its running statistics.

    Args:
        pixels: float32 on the CPU, (n, channels, height, width), n >= 1; gets no gradient.
        convolution: of 3 x 3, padded by 1, with a bias.
        norm: with scale, shift and running statistics, updated by a fixed momentum.

    Returns:
        float32 (n, outputs, height // 2, width // 2), in channels-last memory.
    """
    running = None if norm.training else (norm.running_mean, norm.running_var)
    mapped, mean, variance = _FirstBlock.apply(
        pixels, convolution.weight, convolution.bias, norm.weight, norm.bias, running, norm.eps
    )
    if norm.training:
        values = pixels.shape[0] * pixels.shape[2] * pixels.shape[3]
        _keep(norm, mean, variance * (values / (values - 1)))
    return mapped


def _keep(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    """Move the running statistics towards those of a batch, as torch's module does."""
    assert norm.momentum is not None
    assert norm.num_batches_tracked is not None
    for running, here in ((norm.running_mean, mean), (norm.running_var, variance)):
        assert running is not None
        running.lerp_(here, norm.momentum)
    norm.num_batches_tracked += 1


class _FirstBlock(torch.autograd.Function):
    """Returns the block's output and the mean and variance that it normalised with, each (outputs,)."""

    @staticmethod
    def forward(
        ctx: Any,
        pixels: Tensor,
        weight: Tensor,
        bias: Tensor,
        gamma: Tensor,
        beta: Tensor,
        running: tuple[Tensor, Tensor] | None,
        eps: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        n, channels, height, width = pixels.shape
        outputs = len(weight)
        padded = functional.pad(pixels, (1, 1, 1, 1)).contiguous().flatten(2)
        kernel = weight.detach().reshape(outputs, channels, TAPS).contiguous()
        flat = kernel.view(outputs, -1).double()
        if running is None:
            total, spread = _patch_moments(padded, height, width)
            # Divided last: a sum that is 0 stays 0, where the sum of rounded quotients need not be.
            centre = flat @ total / (n * height * width)
            variance = ((flat @ spread) * flat).sum(1).clamp(min=0)
            ctx.moments = total / (n * height * width), spread
        else:
            centre, variance = running[0].double() - bias.double(), running[1].double()
            ctx.moments = None
        inverse = (variance + eps).rsqrt()
        scale = gamma.double() * inverse
        mapped = pixels.new_empty(n, height // 2, width // 2, outputs)
        kept = pixels.new_empty(n, outputs, (height // 2) * (width // 2 + 1), dtype=torch.uint8)
        read = (kernel, centre.float(), scale.float(), beta.detach())
        pass_on(padded.numpy(), width + 2, *(one.numpy() for one in read), mapped.numpy(), kept.numpy())
        ctx.line = width + 2
        ctx.save_for_backward(padded, kept, flat, centre, inverse, scale)
        mean, variance = (centre + bias.double()).float(), variance.float()
        ctx.mark_non_differentiable(mean, variance)
        return mapped.permute(0, 3, 1, 2), mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        padded, kept, flat, centre, inverse, scale = ctx.saved_tensors
        outputs, channels = len(flat), padded.shape[1]
        products = flat.new_zeros(outputs, channels, TAPS)
        total = flat.new_zeros(outputs)
        arriving = gradients[0].permute(0, 2, 3, 1).contiguous()
        pass_back(padded.numpy(), ctx.line, arriving.numpy(), kept.numpy(), products.numpy(), total.numpy())
        products = products.view(outputs, -1)
        gamma = ((flat * products).sum(1) - centre * total) * inverse
        if ctx.moments is None:
            bias = scale * total
        else:
            patch, spread = ctx.moments
            products = products - torch.outer(total, patch) - (gamma * inverse).unsqueeze(1) * (flat @ spread)
            bias = torch.zeros_like(total)
        weight = (scale.unsqueeze(1) * products).view(outputs, channels, 3, 3)
        return None, weight.float(), bias.float(), gamma.float(), total.float(), None, None


def _patch_moments(padded: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return the sum and covariance of all 3 x 3 patches, float64 (channels * 9,) and (channels * 9, channels * 9)."""
    taps = padded.shape[1] * TAPS
    sums = padded.new_zeros(taps, dtype=torch.float64)
    squares = padded.new_zeros(taps, taps, dtype=torch.float64)
    sum_patches(padded.numpy(), height, width, sums.numpy(), squares.numpy())
    positions = len(padded) * height * width
    mean = sums / positions
    return sums, squares / positions - torch.outer(mean, mean)
