"""Things in the manner of CIFAR-10: coloured pictures of ten kinds, in the official class order.

Every painter takes a canvas, which knows the frame of the thing, and paints from back to front. Colours, proportions,
pose, surroundings, light and noise differ from picture to picture, so that shape is what classes differ in most.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chaoscl.data.embedded.draws import Array, chance, clouds, normal, to_bytes, uniform
from chaoscl.data.embedded.scenes import Colour, background, clutter, paint, tint
from chaoscl.data.embedded.shapes import Frame, Pose, Value, place, texture

SIZE = 32
Part = Callable[["Canvas"], None]

FUR: tuple[Colour, ...] = (
    (0.55, 0.4, 0.26), (0.3, 0.22, 0.16), (0.14, 0.13, 0.13), (0.85, 0.82, 0.78), (0.55, 0.54, 0.52),
    (0.72, 0.5, 0.28),
)  # fmt: skip
PAINT: tuple[Colour, ...] = (
    (0.75, 0.15, 0.14), (0.16, 0.28, 0.6), (0.9, 0.9, 0.9), (0.15, 0.15, 0.17), (0.6, 0.62, 0.65), (0.85, 0.7, 0.2),
    (0.2, 0.45, 0.3),
)  # fmt: skip
METAL: tuple[Colour, ...] = ((0.85, 0.87, 0.9), (0.6, 0.63, 0.68), (0.35, 0.38, 0.42), (0.8, 0.3, 0.25))
FEATHER: tuple[Colour, ...] = (*FUR, (0.75, 0.2, 0.18), (0.25, 0.4, 0.7), (0.85, 0.75, 0.25))
SKIN: tuple[Colour, ...] = ((0.35, 0.55, 0.2), (0.5, 0.55, 0.25), (0.45, 0.36, 0.2), (0.2, 0.35, 0.2))
GLASS: tuple[Colour, ...] = ((0.7, 0.8, 0.88), (0.2, 0.25, 0.3))
DARK: tuple[Colour, ...] = ((0.1, 0.1, 0.1),)


@dataclass
class Canvas:
    """Pictures being painted: the draws, the frame of the thing, the image (N, 3, P), the body's colour and relief."""

    rng: np.random.Generator
    frame: Frame
    image: Array
    coat: Array
    relief: Array

    def vary(self, low: float, high: float) -> Array:
        """Return a uniform draw per picture, (N, 1)."""
        return uniform(self.rng, self.frame.count, low, high)

    def often(self, probability: float) -> Array:
        """Return ones with ``probability``, else zeros, (N, 1)."""
        return chance(self.rng, self.frame.count, probability)

    def body(self, cover: Array, shade: Value = 1.0) -> None:
        """Paint in the body's colour, brightened by ``shade`` and modelled by the relief."""
        light = np.asarray(shade, dtype=np.float32).reshape(-1, 1) * (1 + self.relief)
        paint(self.image, cover, np.clip(self.coat * light[:, None], 0, 1))

    def other(self, cover: Array, colours: tuple[Colour, ...], spread: float = 0.08) -> None:
        """Paint in another colour."""
        paint(self.image, cover, tint(self.rng, self.frame.count, colours, spread))


def wheels(c: Canvas, y: float, radius: Array, *at: Value) -> None:
    """Wheels with hubs."""
    for x in at:
        c.other(c.frame.ellipse(x, y, radius, radius), DARK, 0.04)
        c.other(c.frame.ellipse(x, y, radius * 0.45, radius * 0.45), METAL)


def airplane(c: Canvas) -> None:
    """Fuselage, swept wings, tail fin."""
    f, slim, span = c.frame, c.vary(0.1, 0.17), c.vary(0.35, 0.75)
    c.body(f.polygon((-0.05, 0.0), (0.25, 0.0), (-0.3, -span), (-0.42, -span)), 0.8)
    c.body(f.line((-0.8, 0.0), (0.72, 0.0), slim * 0.7, slim))
    c.body(f.polygon((-0.9, -c.vary(0.35, 0.55)), (-0.7, -0.4), (-0.45, 0.0), (-0.8, 0.0)), 0.9)
    c.body(f.polygon((0.0, 0.02), (0.3, 0.02), (-0.25, span), (-0.42, span)), 1.1)
    c.other(f.line((-0.4, -0.03), (0.5, -0.03), 0.025) * c.often(0.6), GLASS)


def automobile(c: Canvas) -> None:
    """Low body, cabin with windows, two wheels."""
    f, high, roof = c.frame, c.vary(-0.08, 0.08), c.vary(-0.5, -0.3)
    back, front = c.vary(-0.65, -0.35), c.vary(0.2, 0.5)
    c.body(f.polygon((back + 0.15, roof), (front - 0.2, roof), (front + 0.1, high), (back - 0.1, high)), 0.9)
    c.other(f.polygon((back + 0.2, roof + 0.08), (front - 0.24, roof + 0.08), (front, high), (back, high)), GLASS)
    c.body(f.polygon((-0.85, high), (0.75, high), (0.9, high + 0.15), (0.88, 0.4), (-0.9, 0.4)))
    wheels(c, 0.4, c.vary(0.15, 0.22), c.vary(-0.6, -0.45), c.vary(0.45, 0.6))


def bird(c: Canvas) -> None:
    """Oval body, small head, beak, tail, one wing raised or folded, thin legs."""
    f, plump, lift = c.frame, c.vary(0.2, 0.34), c.vary(-0.15, 0.3)
    head = (c.vary(0.4, 0.6), c.vary(-0.5, -0.25))
    c.other(f.line((0.05, 0.2), (0.0, 0.75), 0.03) * c.often(0.7), DARK)
    c.body(f.line((-0.35, 0.1), (-0.95, lift), 0.12, 0.05), 0.8)
    c.body(f.line((0.25, 0.0), head, 0.14))
    c.body(f.ellipse(0.0, 0.05, 0.45, plump))
    c.body(f.ellipse(head[0], head[1], 0.17, 0.16), c.vary(0.6, 1.3))
    c.other(f.line(head, (head[0] + 0.32, head[1] + 0.05), 0.07, 0.0), ((0.9, 0.6, 0.15), (0.2, 0.2, 0.2)))
    wing = f.polygon((0.2, 0.0), (-0.25, 0.1), (-0.4, -c.vary(-0.2, 0.85)), (-0.05, -0.1))
    c.body(wing, c.vary(0.5, 0.9))


def legs(c: Canvas, top: float, long: Value, thick: Value, *at: float) -> None:
    """Legs at the given places, each a little out of step."""
    for x in at:
        c.body(c.frame.line((x, top), (x + c.vary(-0.12, 0.12), top + long), thick, 0.05), 0.85)


def cat(c: Canvas) -> None:
    """Round head with pointed ears, short legs, a long curved tail."""
    f, long = c.frame, c.vary(0.4, 0.55)
    head, up = (c.vary(0.4, 0.55), c.vary(-0.32, -0.12)), c.vary(-0.8, 0.2)
    c.body(f.line((-0.45, 0.1), (-0.82, up), 0.06), 0.9)
    c.body(f.line((-0.82, up), (-0.66, up - 0.2), 0.06), 0.9)
    legs(c, 0.25, long, 0.1, -0.42, -0.3, 0.2, 0.34)
    c.body(f.ellipse(-0.05, 0.15, 0.52, c.vary(0.22, 0.3)))
    for side in (-1, 1):
        c.body(
            f.polygon(
                (head[0] + side * 0.17, head[1] - 0.4),
                (head[0] + side * 0.17 + 0.07, head[1] - 0.05),
                (head[0] + side * 0.17 - 0.09, head[1] - 0.05),
            ),
            0.8,
        )
    c.body(f.ellipse(head[0], head[1], 0.26, 0.23), 1.1)
    for eye in (-0.1, 0.1):
        c.other(f.ellipse(head[0] + eye, head[1] - 0.03, 0.045, 0.045), ((0.7, 0.75, 0.2), (0.1, 0.1, 0.1)))


def dog(c: Canvas) -> None:
    """Long muzzle, hanging ear, longer legs, a short tail held up."""
    f, long = c.frame, c.vary(0.45, 0.65)
    head = (c.vary(0.45, 0.6), c.vary(-0.42, -0.2))
    c.body(f.line((-0.5, 0.0), (-0.75, c.vary(-0.45, 0.2)), 0.07), 0.9)
    legs(c, 0.2, long, 0.11, -0.45, -0.32, 0.22, 0.36)
    c.body(f.ellipse(-0.05, 0.1, 0.52, c.vary(0.2, 0.28)))
    c.body(f.line((0.3, 0.0), head, 0.16))
    c.body(f.line(head, (head[0] + 0.36, head[1] + 0.1), 0.14, 0.1), 1.1)
    c.body(f.ellipse(head[0], head[1], 0.21, 0.2), 1.05)
    c.body(f.line((head[0] - 0.12, head[1] - 0.1), (head[0] - 0.2, head[1] + 0.22), 0.09), 0.6)
    c.other(f.ellipse(head[0] + 0.42, head[1] + 0.08, 0.06, 0.05), DARK)


def deer(c: Canvas) -> None:
    """Slender, upright neck, thin long legs, antlers on many."""
    f, antlers = c.frame, c.often(0.65)
    head = (c.vary(0.5, 0.66), c.vary(-0.55, -0.4))
    legs(c, 0.15, c.vary(0.65, 0.8), 0.07, -0.42, -0.3, 0.22, 0.32)
    c.body(f.ellipse(-0.05, 0.05, 0.48, c.vary(0.18, 0.24)))
    c.body(f.line((0.32, 0.0), head, 0.13, 0.09))
    c.body(f.line(head, (head[0] + 0.24, head[1] + 0.08), 0.11, 0.06), 1.05)
    c.other(f.ellipse(-0.52, 0.0, 0.09, 0.1) * c.often(0.6), ((0.9, 0.88, 0.84),))
    for lean in (-0.2, 0.1):
        tip = (head[0] + lean, head[1] - 0.42)
        branch = np.maximum(
            f.line(head, tip, 0.035),
            f.line((head[0] + lean / 2, head[1] - 0.22), (head[0] + lean / 2 + 0.18, head[1] - 0.34), 0.03),
        )
        c.other(branch * antlers, ((0.5, 0.4, 0.28), (0.3, 0.22, 0.15)))


def frog(c: Canvas) -> None:
    """Squat, wide, folded legs, bulging eyes."""
    f, squat = c.frame, c.vary(0.26, 0.38)
    spread = c.vary(0.5, 0.7)
    for side in (-1, 1):
        c.body(f.ellipse(side * spread, 0.3, 0.22, c.vary(0.2, 0.3)), 0.8)
        c.body(f.line((side * spread, 0.5), (side * (spread + 0.22), 0.56), 0.07), 0.75)
    c.body(f.ellipse(0.0, 0.15, 0.55, squat))
    c.other(f.ellipse(0.0, 0.32, 0.36, 0.16) * c.often(0.6), ((0.8, 0.8, 0.6), (0.6, 0.6, 0.4)))
    for side in (-1, 1):
        c.body(f.line((side * 0.3, 0.25), (side * 0.22, 0.6), 0.08), 0.9)
        c.body(f.ellipse(side * 0.26, 0.12 - squat, 0.14, 0.14), 1.15)
        c.other(f.ellipse(side * 0.26, 0.12 - squat, 0.07, 0.07), DARK)


def horse(c: Canvas) -> None:
    """Heavy body, strong neck with a mane, hanging tail, long legs."""
    f, head = c.frame, (c.vary(0.52, 0.68), c.vary(-0.5, -0.2))
    c.body(f.line((-0.5, -0.02), (-0.66, c.vary(0.35, 0.6)), 0.07, 0.1), c.vary(0.4, 0.8))
    legs(c, 0.15, c.vary(0.6, 0.75), 0.1, -0.44, -0.3, 0.24, 0.36)
    c.body(f.ellipse(-0.05, 0.05, 0.55, c.vary(0.24, 0.31)))
    c.body(f.line((0.3, 0.0), head, 0.2, 0.13))
    c.body(f.line((0.18, -0.2), (head[0] - 0.08, head[1] - 0.14), 0.06), c.vary(0.4, 0.8))
    c.body(f.line(head, (head[0] + 0.28, head[1] + 0.2), 0.13, 0.09), 1.05)
    c.body(f.line((head[0] - 0.02, head[1]), (head[0] - 0.02, head[1] - 0.24), 0.05), 0.9)


def ship(c: Canvas) -> None:
    """Hull, deck houses and funnel, or a sail."""
    f, deck, sails = c.frame, c.vary(0.0, 0.18), c.often(0.35)
    mast = c.vary(-0.9, -0.6)
    house = np.maximum(
        f.box(-0.5, deck - c.vary(0.2, 0.35), c.vary(0.1, 0.4), deck + 0.05),
        f.box(c.vary(-0.3, 0.0), deck - c.vary(0.4, 0.65), c.vary(0.08, 0.2), deck),
    )
    c.other(house * (1 - sails), ((0.9, 0.9, 0.88), (0.7, 0.66, 0.55)))
    c.other(f.box(-0.03, mast, 0.03, deck) * sails, DARK)
    c.other(f.polygon((0.06, mast), (0.55, deck - 0.08), (0.06, deck - 0.08)) * sails, ((0.95, 0.94, 0.9), *PAINT))
    c.other(f.polygon((-0.06, mast + 0.1), (-0.06, deck - 0.08), (-0.5, deck - 0.08)) * sails, ((0.95, 0.94, 0.9),))
    c.body(f.polygon((-0.85, deck), (0.95, deck), (0.65, 0.5), (-0.7, 0.5)))
    c.other(f.box(-0.75, 0.4, 0.7, 0.5) * c.often(0.5), PAINT)


def truck(c: Canvas) -> None:
    """Tall load, a cab in front of it, three wheels or two."""
    f, high, end = c.frame, c.vary(-0.65, -0.2), c.vary(0.25, 0.4)
    cab = c.vary(-0.35, -0.1)
    c.other(f.box(-0.9, high, end, 0.38), PAINT, 0.12)
    c.body(f.polygon((end + 0.05, cab), (end + 0.35, cab), (end + 0.5, 0.12), (end + 0.5, 0.4), (end + 0.05, 0.4)))
    c.other(f.polygon((end + 0.16, cab + 0.08), (end + 0.33, cab + 0.08), (end + 0.42, 0.1), (end + 0.16, 0.1)), GLASS)
    c.other(f.box(-0.9, 0.32, end + 0.5, 0.42), DARK)
    wheels(c, 0.42, c.vary(0.14, 0.2), c.vary(-0.7, -0.55), c.vary(-0.35, -0.2), end + 0.25)


@dataclass(frozen=True)
class Kind:
    """One class: its painter, its usual colours, and how often it is seen in each of the surroundings."""

    part: Part
    colours: tuple[Colour, ...]
    seen: tuple[float, ...]  # sky, overcast, sea, grass, forest, road, room, sand


KINDS = (
    Kind(airplane, METAL, (5, 4, 1, 1, 0.3, 1.5, 0.3, 0.3)),
    Kind(automobile, PAINT, (0.5, 1, 0.3, 1, 0.6, 5, 0.5, 1.5)),
    Kind(bird, FEATHER, (3, 2, 1, 2, 3, 0.5, 0.4, 1)),
    Kind(cat, FUR, (0.3, 1, 0.2, 2, 1, 1, 5, 1)),
    Kind(deer, FUR, (0.4, 1, 0.3, 4, 4, 0.4, 0.2, 1)),
    Kind(dog, FUR, (0.3, 1, 0.4, 3, 1, 1, 3, 1.5)),
    Kind(frog, SKIN, (0.2, 0.8, 1, 2, 4, 0.6, 1.5, 2)),
    Kind(horse, FUR, (1, 1, 0.4, 4, 2, 0.7, 0.4, 2)),
    Kind(ship, (*PAINT, *METAL), (2, 2, 5, 0.3, 0.3, 0.6, 0.2, 0.6)),
    Kind(truck, PAINT, (0.8, 1.5, 0.3, 1, 0.6, 5, 0.4, 1.5)),
)
POSE = Pose(turn=0.14, shear=0.1, shift=0.25, scale=(0.55, 1.0), stretch=0.12, flip=True)
STILL = Pose(turn=0.05, shear=0.0, shift=0.0, scale=(1.0, 1.0), stretch=0.0, flip=True)


def draw_objects(rng: np.random.Generator, label: int, count: int) -> NDArray[np.uint8]:
    """Draw ``count`` things of one class, uint8 (count, 3, SIZE, SIZE); few at a time, which is faster."""
    parts = [draw_some(rng, KINDS[label], min(50, count - start)) for start in range(0, count, 50)]
    return np.concatenate(parts)


def draw_some(rng: np.random.Generator, kind: Kind, count: int) -> NDArray[np.uint8]:
    """Draw ``count`` things of one kind at once, uint8 (count, 3, SIZE, SIZE)."""
    world, frame = place(rng, count, SIZE, STILL), place(rng, count, SIZE, POSE)
    frame = Frame(
        frame.x + 0.04 * clouds(rng, count, SIZE, 5), frame.y + 0.04 * clouds(rng, count, SIZE, 5), frame.pixel
    )
    image = background(rng, world, SIZE, kind.seen)
    relief = uniform(rng, count, 0.05, 0.3) * texture(rng, frame, SIZE) + 0.12 * clouds(rng, count, SIZE, 6)
    canvas = Canvas(rng, frame, image, tint(rng, count, kind.colours, 0.12), relief - 0.15 * frame.y)
    kind.part(canvas)
    clutter(rng, image, world, 2, 0.3)
    light = uniform(rng, count, 0.6, 1.15)[:, :, None]
    contrast = uniform(rng, count, 0.5, 1.1)[:, :, None]
    image = 0.5 + (image * light - 0.5) * contrast + 0.035 * normal(rng, image.shape)
    return to_bytes(np.asarray(image, dtype=np.float32)).reshape(count, 3, SIZE, SIZE)
