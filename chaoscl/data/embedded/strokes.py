"""Pen strokes to pictures: white ink on black, soft edges, a different hand for every sample."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chaoscl.data.embedded.draws import Array, clouds, normal, pick, to_bytes, uniform
from chaoscl.data.embedded.glyphs import Glyph

SIZE = 28
BOX = 19.0  # pixels along the longer side of a glyph; MNIST uses 20


@dataclass(frozen=True)
class Hand:
    """How much handwriting varies: standard deviations or half ranges.

    ``turn`` and ``shear`` are in radians, ``shift`` in pixels, ``bend`` and ``jitter`` in parts of the glyph's height.
    """

    turn: float
    shear: float
    stretch: float
    shift: float
    bend: float
    jitter: float
    thickness: tuple[float, float]
    noise: float
    smudge: float


def segments(glyph: Glyph) -> tuple[Array, NDArray[np.int64]]:
    """Return all points of a glyph, float32 (points, 2), and the pairs that are joined, int64 (pairs, 2)."""
    points = np.concatenate([np.asarray(stroke, dtype=np.float32) for stroke in glyph])
    pairs, start = [], 0
    for stroke in glyph:
        pairs += [(start + i, start + i + 1) for i in range(len(stroke) - 1)]
        start += len(stroke)
    return points, np.asarray(pairs, dtype=np.int64)


def bend(rng: np.random.Generator, points: Array, count: int, amount: float) -> Array:
    """Move points by smooth waves, another for every sample: (points, 2) to (count, points, 2).

    Neighbouring points move together, so that strokes stay joined and curves stay curves.
    """
    moved = np.repeat(points[None], count, axis=0)
    for _ in range(3):
        wave = normal(rng, (count, 2)) * 3.0
        phase = uniform(rng, count, 0, 2 * np.pi)
        push = normal(rng, (count, 1, 2)) * amount
        moved += np.sin(wave @ points.T + phase)[:, :, None] * push
    return moved


def write(rng: np.random.Generator, glyph: Glyph, count: int, hand: Hand) -> tuple[Array, NDArray[np.int64]]:
    """Return ``count`` handwritten versions of a glyph in pixels, (count, points, 2), and its joined pairs."""
    points, pairs = segments(glyph)
    moved = bend(rng, points, count, hand.bend) + normal(rng, (count, len(points), 2)) * hand.jitter
    middle = (moved.min(1, keepdims=True) + moved.max(1, keepdims=True)) / 2
    turn = normal(rng, (count, 1)) * hand.turn
    shear = normal(rng, (count, 1)) * hand.shear
    wide, tall = (BOX * np.exp(normal(rng, (count, 1)) * hand.stretch) for _ in range(2))
    shift = uniform(rng, count * 2, -hand.shift, hand.shift).reshape(count, 1, 2)
    x, y = np.moveaxis(moved - middle, 2, 0)
    x, y = (x - shear * y) * wide, y * tall
    cos, sin = np.cos(turn), np.sin(turn)
    turned = np.stack([x * cos - y * sin, x * sin + y * cos], axis=2)
    return np.asarray(turned + shift + (SIZE - 1) / 2, dtype=np.float32), pairs


def distance(points: Array, pairs: NDArray[np.int64]) -> Array:
    """Return how far every pixel lies from the nearest stroke: (count, points, 2) to (count, SIZE * SIZE), pixels."""
    y, x = (axis.astype(np.float32).reshape(1, -1) for axis in np.mgrid[:SIZE, :SIZE])
    best = np.full((len(points), SIZE * SIZE), np.float32(1e6))
    for first, last in pairs:
        ax, ay = points[:, first, 0, None], points[:, first, 1, None]
        dx, dy = points[:, last, 0, None] - ax, points[:, last, 1, None] - ay
        scale = 1 / np.maximum(dx * dx + dy * dy, np.float32(1e-6))
        px, py = x - ax, y - ay
        along = np.clip(px * (dx * scale) + py * (dy * scale), 0, 1)
        px -= along * dx
        py -= along * dy
        np.minimum(best, px * px + py * py, out=best)
    return np.sqrt(best)


def render(rng: np.random.Generator, glyph: Glyph, count: int, hand: Hand) -> NDArray[np.uint8]:
    """Draw ``count`` handwritten versions of a glyph, uint8 (count, 1, SIZE, SIZE)."""
    points, pairs = write(rng, glyph, count, hand)
    radius = uniform(rng, count, *hand.thickness)
    pressure = 1 + 0.25 * clouds(rng, count, SIZE, 5)
    ink = np.clip((radius * pressure - distance(points, pairs)) / 1.3 + 0.5, 0, 1)
    faded = ink * (uniform(rng, count, 0.8, 1.0) + 0.1 * clouds(rng, count, SIZE, 4))
    stain = np.maximum(0, clouds(rng, count, SIZE, 7) - 1.6) * hand.smudge
    return to_bytes(faded + stain + hand.noise * normal(rng, ink.shape)).reshape(count, 1, SIZE, SIZE)


def render_class(rng: np.random.Generator, forms: tuple[Glyph, ...], count: int, hand: Hand) -> NDArray[np.uint8]:
    """Draw ``count`` samples of a character that people write in several ``forms``, uint8 (count, 1, SIZE, SIZE)."""
    form = pick(rng, count, [1.0] * len(forms))
    images = np.zeros((count, 1, SIZE, SIZE), dtype=np.uint8)
    for index, glyph in enumerate(forms):
        rows = np.flatnonzero(form == index)
        if len(rows):
            images[rows] = render(rng, glyph, len(rows), hand)
    return images
