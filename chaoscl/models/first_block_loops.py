"""Loops of the image encoder's first block, compiled by numba; see chaoscl.models.first_block.

An image, padded by 1, is laid out in four phases, of even and odd rows and columns. Then the 4 x 4 pixels that one
pooled value reads lie at sixteen fixed distances, and those of the next value one further: a whole map runs in vectors.
A phase has one column more than the pooled map, so each row of results ends with one that means nothing.
"""

import numpy as np
from numba import njit, uint64

from chaoscl.cortex.compiled import compiled

TAPS = 9
"""Of a 3 x 3 convolution."""
_NONE = 4
"""In the place of which of four positions pooling kept: none, because ReLU made it 0."""
# Sums may be reordered and fused with products: both let them run in vectors.
_kept = compiled(__file__, error_model="numpy", nogil=True, fastmath={"contract", "reassoc"})


@njit(inline="always")
def _sum_window(values, row, column, height, width):
    """Return the sum over a window of a padded image."""
    total = 0.0
    for i in range(row, row + height):
        line = values[i * (width + 2) + column :]
        for j in range(width):
            total += line[j]
    return total


@njit(inline="always")
def _multiply(padded, one, other, distance, added):
    """Write the sum over images of each value of a channel times the one ``distance`` further in another channel."""
    low, high = max(0, -distance), added.size - max(0, distance)
    added[:] = np.float32(0)
    for i in range(len(padded)):
        a, b, here = padded[i, one, low:high], padded[i, other, low + distance : high + distance], added[low:high]
        for k in range(high - low):
            here[k] += a[k] * b[k]


@_kept
def sum_patches(padded, height, width, sums, squares):
    """Write the sum of all patches, and of all products of two of their values.

    Products are added up by the distance between the two values, for all images at once: a product belongs to every
    pair of taps at that distance, of which each reads another window.

    Args:
        padded: images, float32 (n, channels, (height + 2) * (width + 2)).
        height: of an image.
        width: of an image.
        sums: float64 (channels * 9,).
        squares: float64 (channels * 9, channels * 9).
    """
    _, channels, length = padded.shape
    added = np.zeros(length, np.float32)
    for one in range(channels):
        added[:] = np.float32(0)
        for i in range(len(padded)):
            added += padded[i, one]
        for tap in range(TAPS):
            sums[one * TAPS + tap] = _sum_window(added, tap // 3, tap % 3, height, width)
        for other in range(one, channels):
            for shift in range(25):
                down, right = shift // 5 - 2, shift % 5 - 2
                distance = down * (width + 2) + right
                if one == other and distance < 0:
                    continue
                _multiply(padded, one, other, distance, added)
                for tap in range(TAPS):
                    row, column = tap // 3 + down, tap % 3 + right
                    if 0 <= row < 3 and 0 <= column < 3:
                        here, there = one * TAPS + tap, other * TAPS + 3 * row + column
                        squares[here, there] = _sum_window(added, tap // 3, tap % 3, height, width)
                        squares[there, here] = squares[here, there]


@njit(inline="always")
def _phase_size(height, width):
    """Return the values of a phase, and one more, which the last result that means nothing reads."""
    return (height + 1) * (width + 1) + 1


@njit(inline="always")
def _lay_out(image, line, height, width, phases):
    """Write the phases of an image, padded lines of ``line`` values, whose pooled map is (height, width)."""
    size = _phase_size(height, width)
    for phase in range(4):
        for row in range(height + 1):
            pixels = image[(2 * row + phase // 2) * line + phase % 2 :]
            there = phases[phase * size + row * (width + 1) :]
            for column in range(width + 1):
                there[column] = pixels[2 * column]


@njit(inline="always")
def _row(phases, at, size):
    return phases[at], phases[at + size], phases[at + uint64(1)], phases[at + size + uint64(1)]


@njit(inline="always")
def _pixels(phases, at, pitch, size):
    """Return the 4 x 4 pixels that result ``at`` reads, row by row."""
    odd = at + size + size
    upper = _row(phases, at, size) + _row(phases, odd, size)
    return upper + _row(phases, at + pitch, size) + _row(phases, odd + pitch, size)


@njit(inline="always")
def _patch(x, first):
    """Return the 3 x 3 patch that begins at ``first`` of 4 x 4 pixels."""
    a, b, c = first, first + 4, first + 8
    return x[a], x[a + 1], x[a + 2], x[b], x[b + 1], x[b + 2], x[c], x[c + 1], x[c + 2]


@njit(inline="always")
def _nine(w):
    return w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8]


@njit(inline="always")
def _product(w, p):
    upper = w[0] * p[0] + w[1] * p[1] + w[2] * p[2]
    middle = w[3] * p[3] + w[4] * p[4] + w[5] * p[5]
    return upper + middle + (w[6] * p[6] + w[7] * p[7] + w[8] * p[8])


@njit(inline="always")
def _larger(best, which, value, number):
    """Return the larger of two values and its number; the first of two that are equal."""
    return (value if value > best else best), (np.uint8(number) if value > best else which)


@_kept
def pass_on(padded, line, kernel, centre, scale, shift, mapped, kept):
    """Write ReLU of the largest of four (convolution - centre) * scale + shift, and which of the four it was.

    Args:
        padded: images, float32 (n, channels, padded values).
        line: values in a line of them.
        kernel: float32 (outputs, channels, 9).
        centre: float32 (outputs,), what a convolution is on average.
        scale: float32 (outputs,).
        shift: float32 (outputs,).
        mapped: the pooled maps, float32 (n, height, width, outputs).
        kept: uint8 (n, outputs, height * (width + 1)): 0 to 3, row by row, or 4 where ReLU made it 0.
    """
    n, channels, _ = padded.shape
    _, height, width, outputs = mapped.shape
    size, results = _phase_size(height, width), height * (width + 1)
    phases = np.zeros((channels, 4 * size), np.float32)
    sums = np.zeros((4, results), np.float32)
    maps = np.zeros((outputs, results), np.float32)
    zero = np.float32(0)
    for i in range(n):
        for c in range(channels):
            _lay_out(padded[i, c], line, height, width, phases[c])
        for f in range(outputs):
            z0, z1, z2, z3 = sums[0], sums[1], sums[2], sums[3]
            sums[:] = zero
            for c in range(channels):
                w, image = _nine(kernel[f, c]), phases[c]
                for at in range(results):
                    x = _pixels(image, uint64(at), uint64(width + 1), uint64(size))
                    z0[at] += _product(w, _patch(x, 0))
                    z1[at] += _product(w, _patch(x, 1))
                    z2[at] += _product(w, _patch(x, 4))
                    z3[at] += _product(w, _patch(x, 5))
            sign, middle, a, b = np.sign(scale[f]), centre[f], scale[f], shift[f]
            pooled, choice = maps[f], kept[i, f]
            for at in range(results):
                best, which = _larger(z0[at] * sign, np.uint8(0), z1[at] * sign, 1)
                best, which = _larger(best, which, z2[at] * sign, 2)
                best, which = _larger(best, which, z3[at] * sign, 3)
                # Centred before it is scaled: a convolution equal to its centre is then 0 exactly.
                best = (best - sign * middle) * abs(a) + b
                # Comparisons pass over what is not a number; 0 times it does not.
                best += zero * (z0[at] + z1[at] + z2[at] + z3[at])
                pooled[at] = zero if best <= zero else best
                choice[at] = np.uint8(_NONE) if best <= zero else which
        for row in range(height):
            for column in range(width):
                for f in range(outputs):
                    mapped[i, row, column, f] = maps[f, row * (width + 1) + column]


@_kept
def pass_back(padded, line, arriving, kept, products, total):
    """Add up the gradients that arrive, and their products with the patches that pooling kept.

    Args:
        padded: as for pass_on.
        line: as for pass_on.
        arriving: float32 (n, height, width, outputs).
        kept: as pass_on wrote it.
        products: float64 (outputs, channels, 9), to which is added.
        total: float64 (outputs,), to which is added.
    """
    n, channels, _ = padded.shape
    _, height, width, outputs = arriving.shape
    size, results = _phase_size(height, width), height * (width + 1)
    phases = np.zeros((channels, 4 * size), np.float32)
    maps = np.zeros((outputs, results), np.float32)
    zero = np.float32(0)
    for i in range(n):
        for c in range(channels):
            _lay_out(padded[i, c], line, height, width, phases[c])
        for row in range(height):
            for column in range(width):
                for f in range(outputs):
                    maps[f, row * (width + 1) + column] = arriving[i, row, column, f]
        for f in range(outputs):
            gradient, choice = maps[f], kept[i, f]
            through = zero
            for at in range(results):
                through += gradient[at] if choice[at] != _NONE else zero
            total[f] += through
            for c in range(channels):
                image = phases[c]
                s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = zero
                for at in range(results):
                    g, which = gradient[at], choice[at]
                    g0, g1 = (g if which == 0 else zero), (g if which == 1 else zero)
                    g2, g3 = (g if which == 2 else zero), (g if which == 3 else zero)
                    x = _pixels(image, uint64(at), uint64(width + 1), uint64(size))
                    s0 += g0 * x[0] + g1 * x[1] + g2 * x[4] + g3 * x[5]
                    s1 += g0 * x[1] + g1 * x[2] + g2 * x[5] + g3 * x[6]
                    s2 += g0 * x[2] + g1 * x[3] + g2 * x[6] + g3 * x[7]
                    s3 += g0 * x[4] + g1 * x[5] + g2 * x[8] + g3 * x[9]
                    s4 += g0 * x[5] + g1 * x[6] + g2 * x[9] + g3 * x[10]
                    s5 += g0 * x[6] + g1 * x[7] + g2 * x[10] + g3 * x[11]
                    s6 += g0 * x[8] + g1 * x[9] + g2 * x[12] + g3 * x[13]
                    s7 += g0 * x[9] + g1 * x[10] + g2 * x[13] + g3 * x[14]
                    s8 += g0 * x[10] + g1 * x[11] + g2 * x[14] + g3 * x[15]
                there = products[f, c]
                for tap, one in enumerate((s0, s1, s2, s3, s4, s5, s6, s7, s8)):
                    there[tap] += one
