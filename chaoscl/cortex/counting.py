"""Spikes counted with their derivative carried along, where nothing but the count is read.

One layer on a constant input is a set of scalars: what a neuron does depends on its input current and on draws alone.
So (value, derivative with respect to the current) can be carried together through the ticks, and the backward pass is
one product, exactly what autograd finds by going back through every tick (surrogate derivatives included), with the
memory of one tick whatever their number. :func:`chaoscl.cortex.neuron.tick` is the definition; with the same draws the
spikes here are equal to its spikes.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from chaoscl.cortex.neuron import LayerState, tick
from chaoscl.cortex.params import ChaosNeuronParams
from chaoscl.cortex.transforms import is_autocast

Counter = Callable[[Tensor, int, ChaosNeuronParams, torch.Generator | None, bool], tuple[Tensor, Tensor]]
"""Counts for a current (B, H), ticks, constants and source of draws, and their derivative if asked; each (B, H)."""


def spike_rates(
    counter: Counter,
    x: Tensor,
    weight: Tensor,
    ticks: int,
    params: ChaosNeuronParams,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return each neuron's mean spikes over ``ticks`` ticks on the same input, (B, H), differentiable once.

    Args:
        counter: how spikes are counted: one of this module, or of a fused one.
        x: input, (B, inputs).
        weight: of the input, (H, inputs); the current is x weight'.
        ticks: how many, >= 1.
        params: the neurons' constants.
        generator: source of the draws, on the device of ``x``; the global one if None.
    """
    rates: Tensor = _Rates.apply(counter, x, weight, ticks, params, generator)
    return rates


def ticked_rates(
    x: Tensor,
    weight: Tensor,
    ticks: int,
    params: ChaosNeuronParams,
    generator: torch.Generator | None,
    replica: bool,
) -> Tensor:
    """Return what spike_rates returns with this module's counters, (B, H), by the ticks as they are defined.

    For calls that torch traces or transforms: it has rules for every operation in here, second derivatives included.
    """
    current = functional.linear(x, weight)
    if replica:
        current = current.repeat(ticks, 1)
    rest = torch.zeros_like(current)
    counts, state = tick(current, LayerState(rest, rest), params, generator)
    if replica:
        return counts.reshape(ticks, x.shape[0], weight.shape[0]).sum(0) / ticks
    for _ in range(ticks - 1):
        spikes, state = tick(current, state, params, generator)
        counts = counts + spikes
    return counts / ticks


class _Rates(torch.autograd.Function):
    """Product with the weights, count and mean in one node: a small core's nodes take longer than their work."""

    @staticmethod
    def forward(
        ctx: Any,
        counter: Counter,
        x: Tensor,
        weight: Tensor,
        ticks: int,
        params: ChaosNeuronParams,
        generator: torch.Generator | None,
    ) -> Tensor:
        """Return the rates, (B, H)."""
        counts, slope = counter(x.mm(weight.t()), ticks, params, generator, any(ctx.needs_input_grad))
        ctx.save_for_backward(x, weight, slope)
        ctx.ticks = ticks
        return counts.div_(ticks)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, Tensor | None, Tensor | None, None, None, None]:
        """Return the gradients to the input and the weights."""
        x, weight, slope = ctx.saved_tensors
        if is_autocast(x):
            with torch.autocast(x.device.type, enabled=False):
                return _Rates.backward(ctx, *grads)
        to_current = (grads[0] / ctx.ticks).mul_(slope)
        to_x = to_current.mm(weight) if ctx.needs_input_grad[1] else None
        to_weight = to_current.t().mm(x) if ctx.needs_input_grad[2] else None
        return None, to_x, to_weight, None, None, None


def count_over_time(
    current: Tensor, ticks: int, params: ChaosNeuronParams, generator: torch.Generator | None, differentiate: bool
) -> tuple[Tensor, Tensor]:
    """Count with the state carried from tick to tick; d_ marks derivatives with respect to the current.

    Draws the same numbers in the same order as so many calls of :func:`chaoscl.cortex.neuron.tick`.
    """
    v, r, counts = (torch.zeros_like(current) for _ in range(3))
    d_v, d_r, slope = (torch.zeros_like(current) for _ in range(3))
    for _ in range(ticks):
        v += current
        if params.noise_std > 0:
            v += _noise(v, params, generator)
        open_ = 1 - r
        if differentiate:
            d_v.add_(1).mul_(open_).addcmul_(v, d_r, value=-1)
        v *= open_
        spikes = (v > params.threshold).to(v.dtype)
        sent = _sent(v, params, generator)
        if sent is not None:
            spikes *= sent
        counts += spikes
        z = r.mul_(params.refractory_decay).add_(spikes)
        if differentiate:
            d_spikes = _triangle(v - params.threshold).mul_(d_v)
            if sent is not None:
                d_spikes *= sent
            slope += d_spikes
            d_r.mul_(params.refractory_decay).add_(d_spikes).mul_((z > 0).logical_and_(z < 1))
            d_v *= 1 - params.decay
        r = z.clamp_(0, 1)
        v *= 1 - params.decay
    # A potential that is not a number stays so, and no comparison above says it.
    return counts.masked_fill_(v.isnan(), math.nan), slope


def count_replicas(
    current: Tensor, ticks: int, params: ChaosNeuronParams, generator: torch.Generator | None, differentiate: bool
) -> tuple[Tensor, Tensor]:
    """Count over copies that take one tick each from rest, where neither state nor decay has a part.

    Draws the same numbers in the same order as one tick of the copies, all samples, then all samples again, ...
    """
    shape = (ticks, *current.shape)
    above = current.repeat(ticks, 1)
    if params.noise_std > 0:
        above += _noise(above, params, generator)
    above -= params.threshold
    spikes = above > 0
    sent = _sent(above, params, generator)
    if sent is not None:
        spikes &= sent
    counts = spikes.view(shape).sum(0, dtype=current.dtype).masked_fill_(current.isnan(), math.nan)
    if not differentiate:
        return counts, torch.zeros_like(current)
    surrogate = _triangle(above)
    if sent is not None:
        surrogate *= sent
    return counts, surrogate.view(shape).sum(0)


def _noise(v: Tensor, params: ChaosNeuronParams, generator: torch.Generator | None) -> Tensor:
    return torch.randn(v.shape, generator=generator, dtype=v.dtype, device=v.device).mul_(params.noise_std)


def _sent(v: Tensor, params: ChaosNeuronParams, generator: torch.Generator | None) -> Tensor | None:
    """Return which spikes do not fail, bool, or None if none does."""
    if params.fail_prob == 0:
        return None
    return torch.rand(v.shape, generator=generator, dtype=v.dtype, device=v.device) >= params.fail_prob


def _triangle(above: Tensor) -> Tensor:
    """Return, in its place, what stands for a spike's derivative, given the potential less the threshold.

    See chaoscl.cortex.neuron.spike.
    """
    return above.abs_().neg_().add_(1).clamp_(min=0)
