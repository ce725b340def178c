"""The fused count as an operator of torch, for calls that torch traces or transforms; see chaoscl.cortex.transforms.

torch.compile, torch.export and torch.func see one operation, ``chaoscl::count_spikes``, and its derivative, and never
the loops. It draws nothing: what it counts is a function of a current and a key. Drawing the key is left to torch, so
that its rules of random numbers hold (the ``randomness`` of vmap, for one). A plain eager call does without it and
takes :func:`chaoscl.cortex.counting.spike_rates`: an operator written in Python costs tens of microseconds a call.
"""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from chaoscl.cortex.draws import draw_key
from chaoscl.cortex.params import ChaosNeuronParams
from chaoscl.cortex.transforms import is_func_transform


def fused_rates(
    x: Tensor, weight: Tensor, ticks: int, params: ChaosNeuronParams, generator: torch.Generator | None, replica: bool
) -> Tensor:
    """Return what spike_rates returns with the fused count, (B, H), in a form that torch can trace and transform.

    Equal to the eager call in value, and in the random numbers that it draws. Differentiable once: a second derivative
    is a RuntimeError. (Only where torch.compile compiles torch.func, it is 0: see _count.)
    """
    current = functional.linear(x, weight)
    key = draw_key(generator, current.device)
    # As in the eager call. Inside vmap, requires_grad does not tell of a grad around it.
    differentiate = x.requires_grad or weight.requires_grad or is_func_transform()
    constants = (params.threshold, params.noise_std, params.fail_prob, params.decay, params.refractory_decay)
    counts, _ = _count(current, key, ticks, constants, replica, differentiate)
    return counts / ticks


@torch.library.custom_op(
    "chaoscl::count_spikes",
    mutates_args=(),
    device_types=("cpu", "cuda"),
    schema="(Tensor current, Tensor key, int ticks, float[] constants, bool replica, bool differentiate)"
    " -> (Tensor, Tensor)",
)
def count_spikes(
    current: Tensor, key: Tensor, ticks: int, constants: Sequence[float], replica: bool, differentiate: bool
) -> tuple[Tensor, Tensor]:
    """Count as :func:`chaoscl.cortex.fused.count` does; ``constants`` are those of the neurons, in order."""
    kernel = import_module("chaoscl.cortex.fused_cuda" if current.is_cuda else "chaoscl.cortex.fused")
    neuron = ChaosNeuronParams(*constants)
    counted: tuple[Tensor, Tensor] = kernel.count(current, key, ticks, neuron, replica, differentiate)
    return counted


@count_spikes.register_fake
def _shapes(current: Tensor, key: Tensor, *others: object) -> tuple[Tensor, Tensor]:
    return current.new_empty(current.shape), current.new_empty(current.shape)


def _keep_slope(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.save_for_backward(output[1])
    ctx.set_materialize_grads(False)


def _to_current(ctx: Any, grad: Tensor, to_slope: Tensor | None) -> tuple[Tensor | None, ...]:
    """Return the gradient of the current, and none of the other inputs."""
    if to_slope is not None:
        raise RuntimeError("the fused kernel has no second derivative; in torch.func, kernel='torch' has one")
    (slope,) = ctx.saved_tensors
    return grad * slope, None, None, None, None, None


def _one_by_one(
    count: Callable[..., tuple[Tensor, Tensor]],
    info: Any,
    dims: tuple[int | None, ...],
    current: Tensor,
    key: Tensor,
    *others: Any,
) -> tuple[tuple[Tensor, Tensor], tuple[int, int]]:
    """Return the counts and slopes of each current under its key: vmap's rule, with the dimensions that it asks for."""
    currents, keys = (
        one.expand(info.batch_size, *one.shape) if dim is None else one.movedim(dim, 0)
        for one, dim in zip((current, key), dims[:2], strict=True)
    )
    counted = [count(one, its, *others) for one, its in zip(currents, keys, strict=True)]
    if not counted:
        return (torch.empty_like(currents), torch.empty_like(currents)), (0, 0)
    counts, slopes = zip(*counted, strict=True)
    return (torch.stack(counts), torch.stack(slopes)), (0, 0)


count_spikes.register_autograd(_to_current, setup_context=_keep_slope)
count_spikes.register_vmap(partial(_one_by_one, count_spikes))


class _Count(torch.autograd.Function):
    """The operator for torch.func, which passes over the derivative that an operator is registered with."""

    forward = staticmethod(count_spikes)
    setup_context = staticmethod(_keep_slope)
    backward = staticmethod(_to_current)

    @staticmethod
    def vmap(*given: Any) -> tuple[tuple[Tensor, Tensor], tuple[int, int]]:
        """Return the counts and slopes of each current under its key."""
        return _one_by_one(_Count.apply, *given)


def _count(current: Tensor, key: Tensor, *others: Any) -> tuple[Tensor, Tensor]:
    """Return counts and slopes by the operator, in the form that fits what transforms the call."""
    if not is_func_transform():
        return count_spikes(current, key, *others)
    if not torch.compiler.is_compiling():
        counted: tuple[Tensor, Tensor] = _Count.apply(current, key, *others)
        return counted
    # torch.compile fails at a torch.autograd.Function inside torch.func, so the derivative comes from a product with 0.
    counts, slope = count_spikes(current.detach(), key, *others)
    return counts + slope * (current - current.detach()), slope
