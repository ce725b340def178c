"""One tick of a population of neurons: steps 1 to 6 of "ChaosNet, one tick", and their derivatives.

The steps are plain tensor operations, differentiated as written by autograd, refractoriness included. Two of them have
derivatives that are a matter of definition: the spike (:func:`spike`) and the clamp (:func:`clamp_to_unit`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from chaoscl.cortex.params import ChaosNeuronParams
from chaoscl.cortex.transforms import is_transformed


class LayerState(NamedTuple):
    """What a layer carries from one tick to the next.

    Attributes:
        v: membrane potential, (B, H).
        r: refractoriness in [0, 1], (B, H); the part of the potential that is shut off at the next tick.
    """

    v: Tensor
    r: Tensor


class _Spike(torch.autograd.Function):
    """Heaviside step with a triangular derivative."""

    @staticmethod
    def forward(ctx: Any, v: Tensor, threshold: float) -> Tensor:
        """Return 1 where ``v > threshold``, NaN where v is NaN, else 0."""
        ctx.save_for_backward(v)
        ctx.threshold = threshold
        return torch.where(v.isnan(), v, (v > threshold).to(v.dtype))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Return the gradient to ``v``; the threshold gets none."""
        (v,) = ctx.saved_tensors
        return grads[0] * (1 - (v - ctx.threshold).abs()).clamp(min=0), None


def spike(v: Tensor, threshold: float) -> Tensor:
    """Return 1 where ``v > threshold`` (strictly), else 0, in the shape and dtype of ``v``; NaN where ``v`` is NaN.

    ChaosNet, one tick, step 3. The true derivative is zero almost everywhere. In its place stands the triangle
    max(0, 1 - |v - threshold|) of Esser et al., "Convolutional networks for fast, energy-efficient neuromorphic
    computing", PNAS 113 (2016); see Neftci, Mostafa and Zenke, "Surrogate gradient learning in spiking neural
    networks", IEEE Signal Processing Magazine 36 (2019). The threshold is a constant and gets no gradient.
    """
    if not is_transformed():
        spikes: Tensor = _Spike.apply(v, threshold)
        return spikes
    # The same in torch's own operations: a step that has no derivative, and a 0 whose derivative is the triangle.
    step = torch.where(v.isnan(), v, (v > threshold).to(v.dtype)).detach()
    u = (v - threshold).clamp(-1, 1)
    integral = u - u * u.abs() / 2
    return step + (integral - integral.detach())


def clamp_to_unit(z: Tensor) -> Tensor:
    """Return ``z`` clamped to [0, 1], with slope 1 inside (0, 1) and slope 0 elsewhere, both ends included.

    ChaosNet, one tick, step 5. The ends matter: from rest the argument of this clamp is exactly 0, or exactly 1 after
    a spike. ``torch.clamp`` would not do, because its slope there depends on the release: 1 for years, 0 in 2.15.
    """
    return torch.where((z > 0) & (z < 1), z, z.detach().clamp(0, 1))


def tick(
    current: Tensor, state: LayerState, params: ChaosNeuronParams, generator: torch.Generator | None = None
) -> tuple[Tensor, LayerState]:
    """Advance a population by one tick.

    "ChaosNet, one tick", steps 1 to 6. At most two draws, in this order, each with one number for every neuron and
    sample, in the dtype and on the device of the potential: ``torch.randn`` for the noise (none if ``noise_std`` is
    0), then ``torch.rand`` for the failures (none if ``fail_prob`` is 0); a spike fails where the number is below
    ``fail_prob``. Both act in training and in evaluation.

    Args:
        current: input current, (B, H).
        state: potential and refractoriness left by the last tick, each (B, H).
        params: the neurons' constants.
        generator: source of the draws, on the device of ``current``; the global one if None.

    Returns:
        The spikes, (B, H), each 0 or 1, and the state for the next tick.
    """
    v = state.v + current
    if params.noise_std > 0:
        v = v + params.noise_std * _drawn(torch.randn, v, generator)
    v = v * (1 - state.r)
    spikes = spike(v, params.threshold)
    if params.fail_prob > 0:
        # Three times faster on a CPU than bernoulli_.
        spikes = spikes * (_drawn(torch.rand, v, generator) >= params.fail_prob)
    # The spikes that were sent, not those that were due: a spike that failed does not make its neuron refractory.
    r = clamp_to_unit(state.r * params.refractory_decay + spikes)
    # No reset at a spike: refractoriness silences instead.
    return spikes, LayerState(v * (1 - params.decay), r)


def _drawn(draw: Callable[..., Tensor], like: Tensor, generator: torch.Generator | None) -> Tensor:
    """Return as many numbers as a tensor has, in its shape, dtype and place."""
    # Where torch traces, a size may be a symbol, which no operation takes that is given a generator, be it None.
    if generator is None:
        return draw(like.shape, dtype=like.dtype, device=like.device)
    return draw(like.shape, generator=generator, dtype=like.dtype, device=like.device)
