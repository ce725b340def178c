"""Spike counts of one layer on a constant input, with their derivative carried along.

With a constant input current, zero initial state and only the spikes read out, each neuron is a scalar function of its
own current. So the derivatives of potential and refractoriness with respect to the current go from tick to tick beside
their values (forward-mode differentiation, of the same surrogate that :func:`chaoscl.cortex.neuron.tick` has), and the
backward pass is one product. The result is exact; memory does not grow with the ticks, and W_rec, which nothing reads
here, is left out. ``tick`` stays the definition: the tests hold counts to be equal and gradients to agree.
"""

from typing import Any

import torch
from torch import Tensor

from chaoscl.cortex.params import ChaosNeuronParams


def count_spikes(
    current: Tensor, ticks: int, params: ChaosNeuronParams, generator: torch.Generator | None = None
) -> Tensor:
    """Return how many spikes each neuron sends in ``ticks`` ticks from rest, (B, H), differentiable in the current.

    Draws the same numbers in the same order as so many calls of :func:`chaoscl.cortex.neuron.tick`.

    Args:
        current: the input current, (B, H), the same at each tick.
        ticks: how many, >= 1.
        params: the neurons' constants.
        generator: source of the draws, on the device of ``current``; the global one if None.
    """
    counts: Tensor = _Counts.apply(current, ticks, params, generator)
    return counts


class _Counts(torch.autograd.Function):
    """Counts whose slope was found on the way."""

    @staticmethod
    def forward(
        ctx: Any, current: Tensor, ticks: int, params: ChaosNeuronParams, generator: torch.Generator | None
    ) -> Tensor:
        """Return the counts, (B, H)."""
        counts, slope = _run(current, ticks, params, generator, ctx.needs_input_grad[0])
        ctx.save_for_backward(slope)
        return counts

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        """Return the gradient to the current."""
        (slope,) = ctx.saved_tensors
        return grads[0] * slope, None, None, None


def _run(
    current: Tensor, ticks: int, params: ChaosNeuronParams, generator: torch.Generator | None, differentiate: bool
) -> tuple[Tensor, Tensor]:
    """Return the counts and their derivative with respect to the current, each (B, H); d_ marks derivatives."""
    v, r, counts = (torch.zeros_like(current) for _ in range(3))
    d_v, d_r, slope = (torch.zeros_like(current) for _ in range(3))
    draws: dict[str, Any] = {"generator": generator, "dtype": v.dtype, "device": v.device}
    for _ in range(ticks):
        v += current
        if params.noise_std > 0:
            v += torch.randn(v.shape, **draws).mul_(params.noise_std)
        open_ = 1 - r
        if differentiate:
            d_v.add_(1).mul_(open_).addcmul_(v, d_r, value=-1)
        v *= open_
        spikes = (v > params.threshold).to(v.dtype)
        sent = torch.rand(v.shape, **draws) >= params.fail_prob if params.fail_prob > 0 else None
        if sent is not None:
            spikes *= sent
        counts += spikes
        z = r.mul_(params.refractory_decay).add_(spikes)
        if differentiate:
            d_spikes = (v - params.threshold).abs_().neg_().add_(1).clamp_(min=0).mul_(d_v)
            if sent is not None:
                d_spikes *= sent
            slope += d_spikes
            d_r.mul_(params.refractory_decay).add_(d_spikes).mul_((z > 0).logical_and_(z < 1))
            d_v *= 1 - params.decay
        r = z.clamp_(0, 1)
        v *= 1 - params.decay
    return counts, slope
