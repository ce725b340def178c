"""Colours and backgrounds for the coloured pictures.

A colour picture is float32 (N, 3, P) in [0, 1]; a colour per picture is (N, 3, 1).
"""

import numpy as np

from chaoscl.data.embedded.draws import Array, chance, clouds, normal, pick, uniform
from chaoscl.data.embedded.shapes import Frame, texture

Colour = tuple[float, float, float]

# upper and lower colour of each kind of surrounding
SKY: tuple[Colour, Colour] = ((0.38, 0.58, 0.86), (0.72, 0.82, 0.92))
OVERCAST: tuple[Colour, Colour] = ((0.72, 0.74, 0.76), (0.58, 0.6, 0.62))
SEA: tuple[Colour, Colour] = ((0.66, 0.78, 0.88), (0.16, 0.36, 0.52))
GRASS: tuple[Colour, Colour] = ((0.52, 0.66, 0.5), (0.3, 0.5, 0.22))
FOREST: tuple[Colour, Colour] = ((0.16, 0.28, 0.15), (0.34, 0.32, 0.18))
ROAD: tuple[Colour, Colour] = ((0.66, 0.68, 0.7), (0.36, 0.36, 0.38))
ROOM: tuple[Colour, Colour] = ((0.74, 0.66, 0.56), (0.48, 0.36, 0.28))
SAND: tuple[Colour, Colour] = ((0.78, 0.76, 0.68), (0.72, 0.6, 0.42))
SURROUNDINGS = (SKY, OVERCAST, SEA, GRASS, FOREST, ROAD, ROOM, SAND)


def tint(rng: np.random.Generator, count: int, base: tuple[Colour, ...], spread: float) -> Array:
    """Draw a colour near one of the ``base`` colours for every picture, (count, 3, 1)."""
    chosen = np.asarray(base, dtype=np.float32)[pick(rng, count, [1.0] * len(base))]
    brighter = normal(rng, (count, 1)) * spread
    colour: Array = np.clip(chosen + brighter + normal(rng, (count, 3)) * spread * 0.45, 0.02, 0.98)
    return colour[:, :, None]


def paint(image: Array, cover: Array, colour: Array) -> None:
    """Lay ``colour`` over ``image`` where ``cover`` (N, P) says so, in place."""
    image += cover[:, None] * (colour - image)


def clutter(rng: np.random.Generator, image: Array, frame: Frame, number: int, size: float) -> None:
    """Lay ``number`` random spots and beams on the pictures, in place."""
    count = frame.count
    for _ in range(number):
        x, y = uniform(rng, count, -1.1, 1.1), uniform(rng, count, -1.1, 1.1)
        spot = frame.ellipse(x, y, uniform(rng, count, 0.1, size), uniform(rng, count, 0.1, size))
        beam = frame.line(
            (x, y),
            (uniform(rng, count, -1.2, 1.2), uniform(rng, count, -1.2, 1.2)),
            uniform(rng, count, 0.02, size * 0.3),
        )
        spots = chance(rng, count, 0.6)
        cover = spots * spot + (1 - spots) * beam
        paint(image, cover * chance(rng, count, 0.6), rng.random((count, 3, 1), dtype=np.float32))


def background(rng: np.random.Generator, frame: Frame, size: int, weights: tuple[float, ...]) -> Array:
    """Draw surroundings: two colours that meet at a soft horizon, blotches, things lying about, (N, 3, P).

    ``weights`` (one per entry of SURROUNDINGS) say how often a class is seen where.
    """
    count = frame.count
    kind = pick(rng, count, weights)
    ends = np.asarray(SURROUNDINGS, dtype=np.float32)[kind]
    ends = ends + normal(rng, (count, 2, 3)) * 0.07 + normal(rng, (count, 2, 1)) * 0.1
    horizon, soft = uniform(rng, count, -0.5, 0.6), uniform(rng, count, 0.04, 0.9)
    mix = np.clip((frame.y - horizon) / soft + 0.5, 0, 1)[:, None]
    image = ends[:, 0, :, None] * (1 - mix) + ends[:, 1, :, None] * mix
    rough = uniform(rng, count, 0.02, 0.14)
    image = image + (rough * clouds(rng, count, size, 11) + 0.6 * rough * texture(rng, frame, size))[:, None]
    image = np.asarray(np.clip(image, 0, 1), dtype=np.float32)
    clutter(rng, image, frame, 3, 0.5)
    return image
