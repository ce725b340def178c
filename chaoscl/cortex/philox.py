"""Draws of the fused kernel: the counter-based generator Philox4x32-10, and numbers made of its words.

Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3. A word is a pure
function of a key and a counter, so that every neuron finds its numbers by itself, in any order and on any device.

The counter of element e (a neuron of a sample, numbered along the flattened batch) and block k is (e mod 2^32,
e div 2^32, k, 0); block k yields the words 4k to 4k + 3 of that element.
"""

import math

import numpy as np
from numba import njit, uint64

LANES = 256
"""Elements that are worked on together: their numbers fit the fastest cache, and loops of known length vectorise."""
_ROUNDS = 10
_LOW = uint64(0xFFFFFFFF)
_MULTIPLIERS = (uint64(0xD2511F53), uint64(0xCD9E8D57))
_WEYL = (uint64(0x9E3779B9), uint64(0xBB67AE85))
_WORD = uint64(32)

_ROOT_HALF = np.uint32(0x3F3504F3)  # the bits of sqrt(1/2)
_LN_2 = np.float32(math.log(2))
_QUARTER_TURN = np.float32(math.pi / 2 * 2.0**-30)


@njit(inline="always")
def block(element, number, key):
    """Return the four words, uint64 below 2^32, of a block."""
    c0, c1, c2, c3 = element & _LOW, element >> _WORD, number, uint64(0)
    k0, k1 = key & _LOW, key >> _WORD
    for _ in range(_ROUNDS):
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (p1 >> _WORD) ^ c1 ^ k0, p1 & _LOW, (p0 >> _WORD) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _WEYL[0]) & _LOW, (k1 + _WEYL[1]) & _LOW
    return c0, c1, c2, c3


@njit(inline="always")
def fill_words(first, blocks, key, words):
    """Write the first ``blocks`` blocks of LANES elements from ``first``: word w of lane i at ``w * LANES + i``."""
    for number in range(blocks):
        out = words[4 * number * LANES : 4 * (number + 1) * LANES]
        for lane in range(LANES):
            w0, w1, w2, w3 = block(uint64(first) + uint64(lane), uint64(number), key)
            out[lane] = w0
            out[LANES + lane] = w1
            out[2 * LANES + lane] = w2
            out[3 * LANES + lane] = w3


@njit(inline="always")
def gaussian_pair(first, second):
    """Return two independent standard normal numbers, float32, made of two words, uint32.

    Box and Muller, "A note on the generation of random normal deviates", 1958. Nothing branches, so that it
    vectorises; the logarithm is a series in (m - 1) / (m + 1), sine and cosine are Taylor series within an eighth of
    a turn, each cut where float32 no longer sees the rest. The first word enters as one of 2^24 numbers in (0, 1], so
    no number is beyond 5.8.
    """
    uniform = np.float32(np.int32((first >> np.uint32(8)) + np.uint32(1))) * np.float32(2.0**-24)
    shifted = np.uint32(np.float32(uniform).view(np.uint32) - _ROOT_HALF)
    exponent = np.int32(shifted) >> np.int32(23)
    mantissa = np.uint32((shifted & np.uint32(0x7FFFFF)) + _ROOT_HALF).view(np.float32)
    s = (mantissa - np.float32(1)) / (mantissa + np.float32(1))
    q = s * s
    series = np.float32(1 / 9)
    series = series * q + np.float32(1 / 7)
    series = series * q + np.float32(1 / 5)
    series = series * q + np.float32(1 / 3)
    series = series * q + np.float32(1)
    logarithm = np.float32(2) * s * series + np.float32(exponent) * _LN_2
    radius = np.float32(math.sqrt(max(np.float32(-2) * logarithm, np.float32(0))))

    quarter = np.uint32(second + np.uint32(0x20000000)) >> np.uint32(30)
    angle = np.float32(np.int32(np.uint32(second - (quarter << np.uint32(30))))) * _QUARTER_TURN
    z = angle * angle
    sine = np.float32(1 / 362880)
    sine = sine * z - np.float32(1 / 5040)
    sine = sine * z + np.float32(1 / 120)
    sine = sine * z - np.float32(1 / 6)
    sine = (sine * z + np.float32(1)) * angle
    cosine = np.float32(-1 / 3628800)
    cosine = cosine * z + np.float32(1 / 40320)
    cosine = cosine * z - np.float32(1 / 720)
    cosine = cosine * z + np.float32(1 / 24)
    cosine = cosine * z - np.float32(1 / 2)
    cosine = cosine * z + np.float32(1)
    odd = quarter & np.uint32(1)
    along = sine if odd else cosine
    across = cosine if odd else sine
    # The signs of cosine (minus in the quarters 1 and 2) and sine (minus in 2 and 3).
    along_sign = np.float32(1) - np.float32(2) * np.float32(np.int32(odd ^ (quarter >> np.uint32(1))))
    across_sign = np.float32(1) - np.float32(2) * np.float32(np.int32(quarter >> np.uint32(1)))
    return radius * along * along_sign, radius * across * across_sign
