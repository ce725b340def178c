"""Filled shapes with soft edges, for many pictures at once.

N pictures of P pixels are arrays (N, P). A value that differs from picture to picture is a column (N, 1); a plain
number is the same in all. In an object's own frame x runs right and y down, and the picture spans about -1 to 1.
Shapes are covers: 1 inside, 0 outside, in between on the edge.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from chaoscl.data.embedded.draws import Array, clouds, normal, uniform

Value = float | Array


@dataclass(frozen=True)
class Frame:
    """The pixels of N pictures in the frame of the thing drawn: x and y (N, P), one pixel's width (N, 1)."""

    x: Array
    y: Array
    pixel: Array

    @property
    def count(self) -> int:
        """Number of pictures."""
        return len(self.x)

    def cover(self, depth: Array) -> Array:
        """Turn the depth below an outline (negative outside) into a cover with an edge of one pixel."""
        return np.clip(depth / self.pixel + 0.5, 0, 1)

    def mirrored(self) -> "Frame":
        """Return the frame folded along x = 0, so that one sleeve or leg draws both."""
        return Frame(np.abs(self.x), self.y, self.pixel)

    def ellipse(self, x: Value, y: Value, wide: Value, tall: Value) -> Array:
        """Cover of an ellipse around (x, y) with half axes ``wide`` and ``tall``."""
        radius = np.sqrt(((self.x - x) / wide) ** 2 + ((self.y - y) / tall) ** 2)
        return self.cover((1 - radius) * np.minimum(wide, tall))

    def line(self, start: tuple[Value, Value], end: tuple[Value, Value], thick: Value, thin: Value = -1.0) -> Array:
        """Cover of a rounded line, half as wide as ``thick`` x 2, tapering to ``thin`` at its end if given."""
        dx, dy = end[0] - start[0], end[1] - start[1]
        px, py = self.x - start[0], self.y - start[1]
        along = np.clip((px * dx + py * dy) / (dx * dx + dy * dy + 1e-6), 0, 1)
        radius = thick if isinstance(thin, float) and thin < 0 else thick + (thin - thick) * along
        return self.cover(radius - np.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2))

    def polygon(self, *corners: tuple[Value, Value]) -> Array:
        """Cover of a convex polygon, corners in clockwise order on the screen."""
        depth = np.full_like(self.x, 9)
        for (ax, ay), (bx, by) in zip(corners, (*corners[1:], corners[0]), strict=True):
            dx, dy = bx - ax, by - ay
            length = np.sqrt(dx * dx + dy * dy) + 1e-6
            np.minimum(depth, ((self.y - ay) * dx - (self.x - ax) * dy) / length, out=depth)
        return self.cover(depth)

    def box(self, left: Value, top: Value, right: Value, bottom: Value) -> Array:
        """Cover of an upright rectangle."""
        sides = np.minimum(self.x - left, right - self.x)
        return self.cover(np.minimum(sides, np.minimum(self.y - top, bottom - self.y)))

    def column(self, *knots: tuple[Value, Value]) -> Array:
        """Cover of a shape symmetric about x = 0, given as (y, half width) from top to bottom."""
        depth = np.minimum(self.y - knots[0][0], knots[-1][0] - self.y)
        return self.cover(np.minimum(depth, _steps(self.y, knots) - np.abs(self.x)))

    def hill(self, bottom: Value, *knots: tuple[Value, Value]) -> Array:
        """Cover of the ground between y = ``bottom`` and an upper outline, given as (x, y) from left to right."""
        depth = np.minimum(self.x - knots[0][0], knots[-1][0] - self.x)
        return self.cover(np.minimum(depth, np.minimum(bottom - self.y, self.y - _steps(self.x, knots))))


def _steps(at: Array, knots: tuple[tuple[Value, Value], ...]) -> Array:
    """Piecewise linear function through (position, value) knots, at every pixel, (N, P)."""
    value = np.zeros_like(at) + knots[0][1]
    for (p, v), (q, w) in pairwise(knots):
        value += np.clip((at - p) / (q - p), 0, 1) * (w - v)
    return value


@dataclass(frozen=True)
class Pose:
    """Ranges of a thing's place in its picture; ``turn`` in radians (sd), ``shift`` in parts of half a picture."""

    turn: float
    shear: float
    shift: float
    scale: tuple[float, float]
    stretch: float
    flip: bool


def place(rng: np.random.Generator, count: int, size: int, pose: Pose) -> Frame:
    """Return frames of ``count`` things, each turned, scaled, shifted and perhaps mirrored on its own."""
    y, x = (((axis + 0.5) * 2 / size - 1).astype(np.float32).reshape(1, -1) for axis in np.mgrid[:size, :size])
    x = x - uniform(rng, count, -pose.shift, pose.shift)
    y = y - uniform(rng, count, -pose.shift, pose.shift)
    turn = normal(rng, (count, 1)) * pose.turn
    x, y = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    scale = uniform(rng, count, *pose.scale)
    wide = scale * np.exp(normal(rng, (count, 1)) * pose.stretch)
    if pose.flip:
        wide = wide * np.where(rng.random((count, 1)) < 0.5, -1, 1).astype(np.float32)
    x = (x + y * normal(rng, (count, 1)) * pose.shear) / wide
    return Frame(x, y / scale, 2 / size / np.minimum(np.abs(wide), scale))


def stripes(rng: np.random.Generator, frame: Frame, across: float, along: float) -> Array:
    """Waves between -1 and 1 with ``across`` and ``along`` setting how fast they run in x and y, (N, P)."""
    phase = uniform(rng, frame.count, 0, 2 * np.pi)
    return np.sin(frame.x * across + frame.y * along + phase)


def texture(rng: np.random.Generator, frame: Frame, size: int) -> Array:
    """A random pattern for every picture, about -1 to 1: plain, stripes of any direction, checks or blotches."""
    count = frame.count
    angle, pace = uniform(rng, count, 0, np.pi), uniform(rng, count, 4, 16)
    first = np.sin(pace * (frame.x * np.cos(angle) + frame.y * np.sin(angle)))
    second = np.sin(pace * (frame.y * np.cos(angle) - frame.x * np.sin(angle)))
    kind = rng.random((count, 1))
    blotches = clouds(rng, count, size, 9)
    pattern = np.where(kind < 0.25, first, np.where(kind < 0.4, first * second, blotches))
    return np.asarray(np.where(kind < 0.7, pattern, 0), dtype=np.float32)
