"""The fused count on CUDA: one Triton kernel, one thread a neuron of a sample, all ticks in registers.

Draws the words that :mod:`chaoscl.cortex.fused` draws on a CPU, in the order of :mod:`chaoscl.cortex.draws`, and makes
the same numbers of them up to rounding. The key stays on the device, so no step waits for the host.
"""

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from chaoscl.cortex.draws import BITWISE, WORDWISE, draw_key, failure_draws, failure_limit
from chaoscl.cortex.params import ChaosNeuronParams

_BLOCK = 256
_BITWISE, _WORDWISE = tl.constexpr(BITWISE), tl.constexpr(WORDWISE)
_STEP = tl.constexpr(2.0**-24)  # between two uniform numbers
_TURN = tl.constexpr(math.pi * 2.0**-31)  # from a signed word to an angle


def count_over_time(
    current: Tensor, ticks: int, params: ChaosNeuronParams, generator: torch.Generator | None, differentiate: bool
) -> tuple[Tensor, Tensor]:
    """Return each neuron's spikes in ``ticks`` ticks from rest and their derivative in the current, each (B, H).

    As :func:`chaoscl.cortex.fused.count_over_time`, for a current on a CUDA device.
    """
    return count(current, draw_key(generator, current.device), ticks, params, False, differentiate)


def count_replicas(
    current: Tensor, ticks: int, params: ChaosNeuronParams, generator: torch.Generator | None, differentiate: bool
) -> tuple[Tensor, Tensor]:
    """Return each neuron's spikes in ``ticks`` single ticks from rest and their derivative, each (B, H)."""
    return count(current, draw_key(generator, current.device), ticks, params, True, differentiate)


def count(
    current: Tensor, key: Tensor, ticks: int, params: ChaosNeuronParams, replica: bool, differentiate: bool
) -> tuple[Tensor, Tensor]:
    """Return what count_over_time, or with ``replica`` count_replicas, counts under a key, int64 (1,), that was drawn.

    Draws nothing: the same arguments give the same numbers.
    """
    current = current.detach().contiguous()
    counts, slope = torch.empty_like(current), torch.empty_like(current)
    if not current.numel():
        return counts, slope
    with torch.cuda.device_of(current):  # Triton launches on the current device, wherever the memory is
        _kernel[(triton.cdiv(current.numel(), _BLOCK),)](
            current,
            key,
            counts,
            slope,
            current.numel(),
            ticks,
            params.threshold,
            params.noise_std,
            1 - params.decay,
            params.refractory_decay,
            failure_limit(params),
            FAILURES=failure_draws(params),
            NOISY=params.noise_std > 0,
            REPLICA=replica,
            BLOCK=_BLOCK,
        )
    return counts, slope


@triton.jit
def _word(low, high, number, key):
    """Return word ``number`` of each element, uint32."""
    c0, c1, c2, c3 = tl.philox(key, low, high, (number // 4).to(tl.uint32), 0)
    place = number % 4
    return tl.where(place == 0, c0, tl.where(place == 1, c1, tl.where(place == 2, c2, c3)))


@triton.jit
def _gaussian(first, second, odd):
    """Return the even or odd one of the two normal numbers that two words make (Box & Muller 1958)."""
    uniform = ((first >> 8) + 1).to(tl.float32) * _STEP
    angle = second.to(tl.int32, bitcast=True).to(tl.float32) * _TURN
    return tl.sqrt(-2.0 * tl.log(uniform)) * tl.where(odd, tl.sin(angle), tl.cos(angle))


@triton.jit
def _kernel(
    current,
    key,
    counts,
    slopes,
    size,
    ticks,
    threshold,
    deviation,
    keep,
    refractory,
    limit,
    FAILURES: tl.constexpr,  # noqa: N803
    NOISY: tl.constexpr,  # noqa: N803
    REPLICA: tl.constexpr,  # noqa: N803
    BLOCK: tl.constexpr,  # noqa: N803
):
    element = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = element < size
    low, high = (element & 0xFFFFFFFF).to(tl.uint32), (element >> 32).to(tl.uint32)
    drawn = tl.load(key).to(tl.uint64)
    given = tl.load(current + element, mask=inside, other=0.0)
    zero = tl.zeros((BLOCK,), tl.float32)
    v, r, count, d_v, d_r, slope = zero, zero, zero, zero, zero, zero
    before = 0
    if FAILURES == _BITWISE:
        before = (ticks + 31) // 32
    if FAILURES == _WORDWISE:
        before = ticks
    for t in range(ticks):
        sent = zero + 1.0
        if FAILURES == _BITWISE:
            sent = ((_word(low, high, zero.to(tl.int32) + t // 32, drawn) >> (t % 32)) & 1).to(tl.float32)
        if FAILURES == _WORDWISE:
            sent = (_word(low, high, zero.to(tl.int32) + t, drawn).to(tl.int64) >= limit).to(tl.float32)
        if REPLICA:
            v, r, d_v, d_r = zero, zero, zero, zero
        v += given
        if NOISY:
            at = zero.to(tl.int32) + (before + t - t % 2)
            v += deviation * _gaussian(_word(low, high, at, drawn), _word(low, high, at + 1, drawn), t % 2 == 1)
        free = 1.0 - r
        d_v = (d_v + 1.0) * free - v * d_r
        v = v * free
        spike = tl.where(v > threshold, sent, 0.0)
        z = r * refractory + spike
        d_spike = tl.maximum(1.0 - tl.abs(v - threshold), 0.0) * d_v * sent
        count += spike
        slope += d_spike
        d_r = tl.where((z > 0.0) & (z < 1.0), d_r * refractory + d_spike, 0.0)
        r = tl.minimum(tl.maximum(z, 0.0), 1.0)
        d_v = d_v * keep
        v = v * keep
    # A potential that is not a number stays so, and no comparison above says it.
    tl.store(counts + element, tl.where(v != v, v, count), mask=inside)
    tl.store(slopes + element, tl.where(v != v, v, slope), mask=inside)
