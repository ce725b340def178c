"""Clothes in the manner of Fashion-MNIST: grey pictures of ten kinds on black, in the official class order."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chaoscl.data.embedded.draws import Array, chance, clouds, normal, to_bytes, uniform
from chaoscl.data.embedded.shapes import Frame, Pose, Value, place, stripes, texture

SIZE = 28
Painter = Callable[[np.random.Generator, Frame], Array]


def blend(cover: Array, over: Array, shade: Value) -> Array:
    """Lay ``over`` on a grey picture, in the given shade relative to the cloth."""
    return cover * (1 - over) + over * shade


def top(rng: np.random.Generator, f: Frame, hem: tuple[float, float], flare: tuple[float, float]) -> Array:
    """Trunk of a garment for the upper body, with a neckline."""
    n = f.count
    shoulder, end = uniform(rng, n, 0.38, 0.48), uniform(rng, n, *hem)
    waist = shoulder * uniform(rng, n, 0.8, 1.0)
    body = f.column((-0.82, shoulder * 0.55), (-0.66, shoulder), (0.0, waist), (end, waist * uniform(rng, n, *flare)))
    return body * (1 - f.ellipse(0.0, -0.84, uniform(rng, n, 0.1, 0.2), uniform(rng, n, 0.06, 0.2)))


def sleeves(rng: np.random.Generator, f: Frame, length: Array) -> Array:
    """Two sleeves; ``length`` (N, 1) runs from 0 (to the elbow) to 1 (to the wrist)."""
    n = f.count
    spread = uniform(rng, n, 0.18, 0.36)
    reach = 0.25 + 1.0 * length
    end = (0.42 + spread * (0.5 + 0.6 * length), -0.6 + reach)
    wide = uniform(rng, n, 0.13, 0.18)
    return f.mirrored().line((0.38, -0.62), end, wide, wide * (0.95 - 0.3 * length))


def closure(rng: np.random.Generator, f: Frame) -> Array:
    """A line of buttons or a zip down the front."""
    zip_line = f.box(-0.03, -0.75, 0.03, 0.9)
    buttons = (stripes(rng, f, 0.0, 16.0) > 0.2) * f.box(-0.05, -0.6, 0.05, 0.8)
    kind = chance(rng, f.count, 0.5)
    return kind * zip_line + (1 - kind) * buttons


def tshirt(rng: np.random.Generator, f: Frame) -> Array:
    """T-shirt: short sleeves, sometimes a print."""
    n = f.count
    cloth = np.maximum(top(rng, f, (0.6, 0.85), (0.9, 1.15)), sleeves(rng, f, uniform(rng, n, 0.0, 0.35)))
    printed = f.ellipse(0.0, uniform(rng, n, -0.3, 0.1), uniform(rng, n, 0.1, 0.26), uniform(rng, n, 0.08, 0.26))
    return blend(cloth, printed * chance(rng, n, 0.4), uniform(rng, n, 0.4, 1.5))


def trouser(rng: np.random.Generator, f: Frame) -> Array:
    """Trousers: two legs that part below the hip."""
    n = f.count
    hip, foot = uniform(rng, n, 0.28, 0.38), uniform(rng, n, 0.22, 0.4)
    outer = f.column((-0.92, hip * 0.85), (-0.5, hip), (0.92, foot))
    gap = f.column((uniform(rng, n, -0.5, -0.2), 0.0), (0.95, foot * uniform(rng, n, 0.05, 0.55)))
    return outer * (1 - gap)


def pullover(rng: np.random.Generator, f: Frame) -> Array:
    """Pullover: long sleeves, a knitted cuff at the hem."""
    n = f.count
    cloth = np.maximum(top(rng, f, (0.6, 0.85), (0.85, 1.1)), sleeves(rng, f, uniform(rng, n, 0.65, 1.05)))
    knit = 1 + 0.12 * chance(rng, n, 0.5) * stripes(rng, f, 22.0, 0.0)
    return blend(cloth * knit, cloth * f.box(-1.0, 0.6, 1.0, 1.0) * chance(rng, n, 0.4), uniform(rng, n, 0.6, 1.2))


def dress(rng: np.random.Generator, f: Frame) -> Array:
    """Dress: narrow top, waist, a skirt that widens; with or without sleeves."""
    n = f.count
    bust, waist = uniform(rng, n, 0.22, 0.36), uniform(rng, n, 0.17, 0.28)
    body = f.column(
        (-0.9, bust * 0.7),
        (-0.6, bust),
        (uniform(rng, n, -0.25, 0.05), waist),
        (uniform(rng, n, 0.8, 0.95), uniform(rng, n, 0.24, 0.55)),
    )
    neck = f.ellipse(0.0, -0.92, bust * 0.5, uniform(rng, n, 0.08, 0.3))
    arms = sleeves(rng, f, uniform(rng, n, 0.0, 0.9)) * chance(rng, n, 0.35)
    return np.maximum(body * (1 - neck), arms * (np.abs(f.x) < 0.6))


def coat(rng: np.random.Generator, f: Frame) -> Array:
    """Coat: long, long sleeves, open or buttoned front, lapels."""
    n = f.count
    cloth = np.maximum(top(rng, f, (0.75, 0.98), (1.0, 1.3)), sleeves(rng, f, uniform(rng, n, 0.7, 1.05)))
    lapel = f.mirrored().line((0.02, -0.3), (0.14, -0.75), 0.05) * chance(rng, n, 0.6)
    line, shade = closure(rng, f), uniform(rng, n, 0.2, 0.8)
    return blend(blend(cloth, lapel * cloth, uniform(rng, n, 0.5, 1.3)), line * cloth * chance(rng, n, 0.85), shade)


def sandal(rng: np.random.Generator, f: Frame) -> Array:
    """Sandal: a sole, flat or with a heel, and straps with gaps between them."""
    n = f.count
    heel = uniform(rng, n, 0.0, 0.45)
    low = 0.4
    sole = f.line((-0.75, low - heel), (-0.1, low), 0.08)
    sole = np.maximum(sole, f.line((-0.1, low), (0.78, low), 0.09))
    sole = np.maximum(sole, f.line((-0.72, low - heel), (-0.72, low), 0.08))
    front, vamp = uniform(rng, n, 0.2, 0.4), uniform(rng, n, 0.04, 0.08)
    arch = f.ellipse(0.35, low, front, uniform(rng, n, 0.25, 0.45))
    arch = arch * (1 - f.ellipse(0.35, low, front - 2 * vamp, 0.2)) * (f.y < low)
    ankle = (uniform(rng, n, -0.3, 0.0), low - heel - uniform(rng, n, 0.25, 0.55))
    back = f.line((-0.68, low - heel), ankle, vamp) * chance(rng, n, 0.8)
    across = f.line((uniform(rng, n, 0.0, 0.3), low - 0.02), ankle, vamp) * chance(rng, n, 0.85)
    buckle = f.line((-0.7, low - heel - uniform(rng, n, 0.1, 0.4)), ankle, vamp) * chance(rng, n, 0.5)
    straps = np.maximum(np.maximum(arch, back), np.maximum(across, buckle))
    return np.maximum(sole, straps * uniform(rng, n, 0.7, 1.2))


def shirt(rng: np.random.Generator, f: Frame) -> Array:
    """Shirt: sleeves of any length, collar, buttons more often than not."""
    n = f.count
    long = chance(rng, n, 0.6)
    length = long * uniform(rng, n, 0.6, 1.0) + (1 - long) * uniform(rng, n, 0.05, 0.4)
    cloth = np.maximum(top(rng, f, (0.65, 0.92), (0.9, 1.2)), sleeves(rng, f, length))
    collar = f.mirrored().line((0.02, -0.66), (0.15, -0.8), 0.06) * chance(rng, n, 0.6)
    line, shade = closure(rng, f), uniform(rng, n, 0.5, 1.4)
    return blend(blend(cloth, collar * cloth, 1.25), line * cloth * chance(rng, n, 0.65), shade)


def shoe(rng: np.random.Generator, f: Frame, shaft: Array, heel: Array) -> Array:
    """Side view of a closed shoe, toe to the right; ``shaft`` (N, 1) is how far the top is above the sole."""
    n = f.count
    sole, toe = 0.48, uniform(rng, n, 0.14, 0.3)
    instep = uniform(rng, n, -0.25, 0.1)
    upper = f.hill(
        sole,
        (-0.8, sole - shaft),
        (instep - 0.25, sole - shaft * uniform(rng, n, 0.85, 1.0)),
        (instep + 0.25, sole - toe * 1.35),
        (0.55, sole - toe),
        (0.85, sole - 0.08),
    )
    ground = f.box(-0.82, sole - 0.04, 0.86, sole + 0.08)
    block = f.box(-0.82, sole, -0.45, sole + 0.08 + heel)
    return np.maximum(np.maximum(upper, ground * uniform(rng, n, 0.5, 1.4)), block * chance(rng, n, 0.8))


def sneaker(rng: np.random.Generator, f: Frame) -> Array:
    """Sneaker: low, laces or stripes on the side."""
    n = f.count
    body = shoe(rng, f, uniform(rng, n, 0.36, 0.66), uniform(rng, n, 0.0, 0.04))
    laces = (stripes(rng, f, 20.0, 14.0) > 0.1) * f.box(-0.35, 0.0, 0.3, 0.45) * chance(rng, n, 0.7)
    return blend(body, laces * (body > 0.5), uniform(rng, n, 0.4, 1.5))


def bag(rng: np.random.Generator, f: Frame) -> Array:
    """Bag: a body with a flap, a handle or strap of any length."""
    n = f.count
    wide, high = uniform(rng, n, 0.5, 0.85), uniform(rng, n, -0.45, 0.0)
    body = f.column((high, wide * uniform(rng, n, 0.65, 1.0)), (uniform(rng, n, 0.55, 0.8), wide))
    loop_wide, loop_tall = wide * uniform(rng, n, 0.35, 0.85), uniform(rng, n, 0.15, 0.6)
    loop = f.ellipse(0.0, high, loop_wide, loop_tall)
    loop = loop * (1 - f.ellipse(0.0, high, loop_wide * 0.8, loop_tall * 0.75)) * chance(rng, n, 0.85)
    flap = f.box(-1.0, high + 0.05, 1.0, high + uniform(rng, n, 0.1, 0.5)) * body * chance(rng, n, 0.6)
    return blend(np.maximum(body, loop * 0.9), flap, uniform(rng, n, 0.6, 1.35))


def boot(rng: np.random.Generator, f: Frame) -> Array:
    """Ankle boot: a shoe with a shaft and often a heel."""
    n = f.count
    return shoe(rng, f, uniform(rng, n, 0.6, 1.25), uniform(rng, n, 0.0, 0.22))


PAINTERS: tuple[Painter, ...] = (tshirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, boot)
POSE = Pose(turn=0.06, shear=0.05, shift=0.07, scale=(0.82, 1.02), stretch=0.08, flip=True)


def draw_garments(rng: np.random.Generator, label: int, count: int) -> NDArray[np.uint8]:
    """Draw ``count`` pieces of one class, uint8 (count, 1, SIZE, SIZE)."""
    frame = place(rng, count, SIZE, POSE)
    frame = Frame(
        frame.x + 0.035 * clouds(rng, count, SIZE, 6), frame.y + 0.035 * clouds(rng, count, SIZE, 6), frame.pixel
    )
    cloth = PAINTERS[label](rng, frame)
    shade = uniform(rng, count, 0.25, 0.9)
    pattern = 1 + uniform(rng, count, 0.05, 0.4) * texture(rng, frame, SIZE)
    folds = 1 + 0.15 * clouds(rng, count, SIZE, 5)
    grey = cloth * shade * pattern * folds
    grey = np.where(cloth > 0.4, np.maximum(grey, 0.08), grey)
    noise = 0.04 * normal(rng, grey.shape) * (cloth > 0.1)
    return to_bytes(np.asarray(grey + noise, dtype=np.float32)).reshape(count, 1, SIZE, SIZE)
