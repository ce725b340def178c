"""Counting spikes in one pass: draws, value and derivative of all ticks while a handful of neurons stays in the cache.

Needs numba. The same recursion, rounded in the same places, as :mod:`chaoscl.cortex.counting`; what differs are the
draws, which come from :mod:`chaoscl.cortex.philox` in the order of :mod:`chaoscl.cortex.draws`.
"""

import math

import numpy as np
import torch
from numba import njit, uint64
from torch import Tensor

from chaoscl.cortex.compiled import compiled
from chaoscl.cortex.draws import BITS, BITWISE, NONE, WORDWISE, draw_key, failure_draws, failure_limit
from chaoscl.cortex.params import ChaosNeuronParams
from chaoscl.cortex.philox import LANES, fill_words, gaussian_pair

_kept = compiled(__file__, "draws.py", "params.py", "philox.py", error_model="numpy", nogil=True)
_CERTAIN = 6.5
"""Deviations from the threshold beyond which noise, none of which is over 5.8 of its own, cannot decide a spike."""


def count_over_time(
    current: Tensor, ticks: int, params: ChaosNeuronParams, generator: torch.Generator | None, differentiate: bool
) -> tuple[Tensor, Tensor]:
    """Return each neuron's spikes in ``ticks`` ticks from rest and their derivative in the current, each (B, H).

    Args:
        current: the input current, float32 on the CPU, (B, H), the same at each tick.
        ticks: how many, >= 1.
        params: the neurons' constants.
        generator: draws the key; the global one if None.
        differentiate: whether the derivative is wanted; zeros if not.
    """
    return count(current, draw_key(generator, torch.device("cpu")), ticks, params, False, differentiate)


def count_replicas(
    current: Tensor, ticks: int, params: ChaosNeuronParams, generator: torch.Generator | None, differentiate: bool
) -> tuple[Tensor, Tensor]:
    """Return each neuron's spikes in ``ticks`` single ticks from rest and their derivative, as count_over_time does.

    Without the derivative the counts are drawn in one go, from the binomial distribution that they have.
    """
    return count(current, draw_key(generator, torch.device("cpu")), ticks, params, True, differentiate)


def count(
    current: Tensor, key: Tensor, ticks: int, params: ChaosNeuronParams, replica: bool, differentiate: bool
) -> tuple[Tensor, Tensor]:
    """Return what count_over_time, or with ``replica`` count_replicas, counts under a key, int64 (1,), that was drawn.

    Draws nothing: the same arguments give the same numbers.
    """
    current = current.detach().contiguous()
    counts = torch.empty_like(current)
    slope = torch.empty_like(current) if differentiate else torch.zeros_like(current)
    constants = (params.threshold, params.noise_std, 1 - params.decay, params.refractory_decay)
    loop = _over_time if not replica else _replicas if differentiate else _binomial
    loop(
        current.numpy().reshape(-1),
        ticks,
        tuple(np.float32(value) for value in constants),
        failure_draws(params),
        np.uint64(failure_limit(params)),
        np.uint64(key.item()),
        differentiate,
        counts.numpy().reshape(-1),
        slope.numpy().reshape(-1),
    )
    return counts, slope


def draws(
    shape: tuple[int, int], ticks: int, params: ChaosNeuronParams, generator: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """Return what count_over_time and count_replicas draw: noise of deviation 1 and whether spikes are sent.

    Each is (ticks, B, H): float32, zero without noise, and bool. For tests and for those who want to look.
    """
    size = shape[0] * shape[1]
    padded = -(-size // LANES) * LANES
    noise = np.zeros((ticks, padded), dtype=np.float32)
    sent = np.ones((ticks, padded), dtype=np.bool_)
    limit, key = np.uint64(failure_limit(params)), np.uint64(draw_key(generator, torch.device("cpu")).item())
    _draws(noise, sent, ticks, failure_draws(params), params.noise_std > 0, limit, key)
    return tuple(torch.from_numpy(one[:, :size]).reshape(ticks, *shape) for one in (noise, sent))  # type: ignore[return-value]


@njit(inline="always")
def _words_of_failures(failures, ticks):
    if failures == NONE:
        return 0
    return (ticks + BITS - 1) // BITS if failures == BITWISE else ticks


@njit(inline="always")
def _draw(first, ticks, failures, noisy, limit, key, words, noise, sent):
    """Write the draws of LANES elements from ``first``: noise and sent (0 or 1), tick t of lane i at t * LANES + i."""
    before = _words_of_failures(failures, ticks)
    after = ticks + ticks % 2 if noisy else 0
    fill_words(first, (before + after + 3) // 4, key, words)
    for t in range(ticks):
        flags = sent[t * LANES : (t + 1) * LANES]
        if failures == BITWISE:
            drawn = words[t // BITS * LANES : (t // BITS + 1) * LANES]
            bit = np.uint32(t % BITS)
            for lane in range(LANES):
                flags[lane] = np.float32(np.int32((drawn[lane] >> bit) & np.uint32(1)))
        elif failures == WORDWISE:
            drawn = words[t * LANES : (t + 1) * LANES]
            for lane in range(LANES):
                flags[lane] = np.float32(1) if uint64(drawn[lane]) >= limit else np.float32(0)
        else:
            flags[:] = np.float32(1)
    for t in range(0, after, 2):
        drawn = words[(before + t) * LANES : (before + t + 2) * LANES]
        pair = noise[t * LANES : (t + 2) * LANES]
        for lane in range(LANES):
            pair[lane], pair[LANES + lane] = gaussian_pair(drawn[lane], drawn[LANES + lane])


@njit(inline="always")
def _room(ticks):
    """Return room for the words, the noise and the sent spikes of LANES elements; zeros."""
    return (
        np.zeros((2 * ticks + 8) * LANES, np.uint32),
        np.zeros((ticks + 1) * LANES, np.float32),
        np.zeros(ticks * LANES, np.float32),
    )


@_kept
def _draws(noise, sent, ticks, failures, noisy, limit, key):
    words, some, flags = _room(ticks)
    for first in range(0, noise.shape[1], LANES):
        _draw(first, ticks, failures, noisy, limit, key, words, some, flags)
        for t in range(ticks):
            for lane in range(LANES):
                noise[t, first + lane] = some[t * LANES + lane]
                sent[t, first + lane] = flags[t * LANES + lane] != 0


# Rows of the scratch memory of a loop over ticks, LANES values each. One array with known distances, because the
# compiler could not tell that eight arrays do not overlap, and would then not vectorise.
_I, _V, _R, _N, _DV, _DR, _DN = (row * LANES for row in range(7))
_ROWS = 7


@njit(inline="always")
def _mark(w, row):
    """Make count and derivative NaN where a row of the scratch memory is, which no comparison of the loops says."""
    for i in range(LANES):
        if w[row + i] != w[row + i]:
            w[_N + i] = w[row + i]
            w[_DN + i] = w[row + i]


@_kept
def _over_time(current, ticks, constants, failures, limit, key, differentiate, counts, slope):
    threshold, deviation, keep, refractory = constants
    one, zero = np.float32(1), np.float32(0)
    noisy = deviation > zero
    words, noise, sent = _room(ticks)
    w = np.zeros(_ROWS * LANES, np.float32)
    for first in range(0, current.size, LANES):
        here = min(LANES, current.size - first)
        w[:] = zero
        w[_I : _I + here] = current[first : first + here]
        _draw(first, ticks, failures, noisy, limit, key, words, noise, sent)
        for t in range(ticks):
            eps, luck = noise[t * LANES : (t + 1) * LANES], sent[t * LANES : (t + 1) * LANES]
            for i in range(LANES):
                v = w[_V + i] + w[_I + i] + eps[i] * deviation
                r = w[_R + i]
                free = one - r
                if differentiate:
                    d_v = (w[_DV + i] + one) * free - v * w[_DR + i]
                v = v * free
                spike = luck[i] if v > threshold else zero
                z = r * refractory + spike
                if differentiate:
                    d_spike = max(one - abs(v - threshold), zero) * d_v * luck[i]
                    inside = one if zero < z < one else zero
                    w[_DN + i] += d_spike
                    w[_DR + i] = (w[_DR + i] * refractory + d_spike) * inside
                    w[_DV + i] = d_v * keep
                w[_N + i] += spike
                w[_R + i] = min(max(z, zero), one)
                w[_V + i] = v * keep
        _mark(w, _V)
        counts[first : first + here] = w[_N : _N + here]
        if differentiate:
            slope[first : first + here] = w[_DN : _DN + here]


@_kept
def _replicas(current, ticks, constants, failures, limit, key, differentiate, counts, slope):
    threshold, deviation = constants[0], constants[1]
    one, zero = np.float32(1), np.float32(0)
    words, noise, sent = _room(ticks)
    w = np.zeros(_ROWS * LANES, np.float32)
    for first in range(0, current.size, LANES):
        here = min(LANES, current.size - first)
        w[:] = zero
        w[_I : _I + here] = current[first : first + here]
        _draw(first, ticks, failures, deviation > zero, limit, key, words, noise, sent)
        for t in range(ticks):
            eps, luck = noise[t * LANES : (t + 1) * LANES], sent[t * LANES : (t + 1) * LANES]
            for i in range(LANES):
                v = w[_I + i] + eps[i] * deviation
                w[_N + i] += luck[i] if v > threshold else zero
                w[_DN + i] += max(one - abs(v - threshold), zero) * luck[i]
        _mark(w, _I)
        counts[first : first + here] = w[_N : _N + here]
        slope[first : first + here] = w[_DN : _DN + here]


@njit(inline="always")
def _quantile(uniform, ticks, probability):
    """Return the smallest k with P(Binomial(ticks, probability) <= k) > uniform, by adding up from 0."""
    share = (1.0 - probability) ** ticks
    total, k = share, 0
    while total <= uniform and k < ticks:
        share *= (ticks - k) / (k + 1.0) * probability / (1.0 - probability)
        k += 1
        total += share
    return k


@_kept
def _binomial(current, ticks, constants, failures, limit, key, differentiate, counts, slope):
    threshold, deviation = constants[0], constants[1]
    sending = 1.0 if failures == NONE else 1.0 - limit / 2.0**BITS
    words = np.zeros(4 * LANES, np.uint32)
    certain = np.empty(ticks)
    share = (1.0 - sending) ** ticks
    for k in range(ticks):
        certain[k] = share if k == 0 else certain[k - 1] + share
        if sending < 1.0:
            share *= (ticks - k) / (k + 1.0) * sending / (1.0 - sending)
    for first in range(0, current.size, LANES):
        fill_words(first, 1, key, words)
        for i in range(min(LANES, current.size - first)):
            above = float(current[first + i]) - threshold
            uniform = (words[i] + 0.5) / 2.0**BITS
            if above > _CERTAIN * deviation:
                k = 0
                for j in range(ticks):
                    k += certain[j] <= uniform
            elif above < -_CERTAIN * deviation or deviation == 0.0:
                k = 0
            else:
                due = 0.5 * math.erfc(-above / deviation / math.sqrt(2.0))
                k = _quantile(uniform, ticks, min(sending * due, 1.0 - 1e-16))
            counts[first + i] = k if above == above else above
