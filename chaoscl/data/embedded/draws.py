"""Random draws shared by the generators.

Only ``Generator.random`` and ``Generator.standard_normal`` are used: the former is the plainest stream numpy has, so
text stays the same byte for byte, and pictures are rounded to 8 bits afterwards.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]  # float32 throughout
Labels = NDArray[np.int64]


def uniform(rng: np.random.Generator, count: int, low: float, high: float) -> Array:
    """Return ``count`` uniform draws as a column, float32 (count, 1)."""
    return (low + (high - low) * rng.random((count, 1))).astype(np.float32)


def chance(rng: np.random.Generator, count: int, probability: float) -> Array:
    """Return a column of ones (with ``probability``) and zeros, float32 (count, 1)."""
    return (rng.random((count, 1)) < probability).astype(np.float32)


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return standard normal draws, float32 of ``shape``."""
    return rng.standard_normal(shape, dtype=np.float32)


def order(rng: np.random.Generator, count: int) -> Labels:
    """Return a random permutation of 0..count-1, int64 (count,)."""
    return np.asarray(np.argsort(rng.random(count), kind="stable"), dtype=np.int64)


def pick(rng: np.random.Generator, count: int, weights: Sequence[float]) -> Labels:
    """Return ``count`` indices drawn with ``weights`` (any positive scale), int64 (count,)."""
    edges = np.cumsum(weights)
    found = np.searchsorted(edges, rng.random(count) * edges[-1], side="right")
    return np.asarray(np.minimum(found, len(edges) - 1), dtype=np.int64)


def clouds(rng: np.random.Generator, count: int, size: int, cells: int) -> Array:
    """Return smooth random fields of about unit variance, float32 (count, size * size).

    A grid of ``cells`` x ``cells`` normal draws is stretched over the picture by linear interpolation.
    """
    at = np.linspace(0, cells - 1, size)
    weights = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(cells))).astype(np.float32)
    field = weights @ normal(rng, (count, cells, cells)) @ weights.T
    return np.asarray(1.5 * field.reshape(count, size * size), dtype=np.float32)


def to_bytes(values: Array) -> NDArray[np.uint8]:
    """Round grey values in [0, 1] to 0..255; whatever lies outside is clipped."""
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


class Urn:
    """Words drawn by rank: the r-th has weight 1 / (r + 2) ** power, as in Zipf's law."""

    def __init__(self, words: Sequence[str], power: float = 0.8) -> None:
        self.words = tuple(words)
        self.edges = list(accumulate((rank + 2.0) ** -power for rank in range(len(self.words))))

    def draw(self, rng: np.random.Generator) -> str:
        """Return one word."""
        found = bisect_right(self.edges, rng.random() * self.edges[-1])
        return self.words[min(found, len(self.words) - 1)]
