"""Generated stand-ins for the six data sets, for demonstrations and tests without a download.

Each has the name, the sample shape, the number of classes and their order of the real data set, and far fewer rows.
Everything is drawn from named seeds, so every call returns the same bytes. The samples are hard enough that methods
differ and forgetting shows, but they are not the real thing: results on them are marked ``embedded`` and say nothing
about the real data sets.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chaoscl.data.embedded.draws import Labels, order
from chaoscl.data.embedded.garments import draw_garments
from chaoscl.data.embedded.glyphs import DIGITS, LETTERS, Glyph
from chaoscl.data.embedded.news import write_news
from chaoscl.data.embedded.objects import draw_objects
from chaoscl.data.embedded.reviews import write_reviews
from chaoscl.data.embedded.strokes import Hand, render_class
from chaoscl.seeds import derive

Split = Literal["train", "test"]
Images = NDArray[np.uint8]

NAMES: tuple[str, ...] = ("ag_news", "imdb", "fashion_mnist", "mnist", "cifar10", "emnist_letters")
GENERATOR_VERSION = 1  # raise it whenever any output changes: it is part of the key of prepared data

_DIGIT_HAND = Hand(
    turn=0.17, shear=0.22, stretch=0.12, shift=1.6, bend=0.045, jitter=0.012, thickness=(0.9, 2.0), noise=0.05,
    smudge=0.3,
)  # fmt: skip
_LETTER_HAND = Hand(
    turn=0.19, shear=0.25, stretch=0.12, shift=1.6, bend=0.058, jitter=0.018, thickness=(0.9, 2.0), noise=0.09,
    smudge=0.3,
)  # fmt: skip


def _characters(forms: tuple[tuple[Glyph, ...], ...], hand: Hand) -> Callable[[np.random.Generator, int, int], Images]:
    """Return the function that draws samples of one class of characters."""
    return lambda rng, label, count: render_class(rng, forms[label], count, hand)


_TEXTS = {"ag_news": write_news, "imdb": write_reviews}
_IMAGES = {
    "fashion_mnist": draw_garments,
    "mnist": _characters(DIGITS, _DIGIT_HAND),
    "cifar10": draw_objects,
    "emnist_letters": _characters(LETTERS, _LETTER_HAND),
}
CLASSES: dict[str, int] = {
    "ag_news": 4, "imdb": 2, "fashion_mnist": 10, "mnist": 10, "cifar10": 10, "emnist_letters": 26,
}  # fmt: skip
PER_CLASS: dict[str, dict[Split, int]] = {
    "ag_news": {"train": 750, "test": 200},
    "imdb": {"train": 1000, "test": 300},
    "fashion_mnist": {"train": 300, "test": 60},
    "mnist": {"train": 300, "test": 60},
    "cifar10": {"train": 300, "test": 60},
    "emnist_letters": {"train": 200, "test": 40},
}


def generate(name: str, split: Split) -> tuple[Images | list[str], Labels]:
    """Return samples and labels of one split, classes equally frequent, in random order.

    Images are uint8 (N, C, H, W): white on black (N, 1, 28, 28), or in colour (N, 3, 32, 32). Texts are a list of N
    strings. Labels are int64 (N,) from 0 to classes - 1.

    Raises:
        ValueError: ``name`` is not one of NAMES, or ``split`` is neither "train" nor "test".
    """
    if name not in NAMES:
        raise ValueError(f"unknown data set {name!r}; known: {', '.join(NAMES)}")
    if split not in ("train", "test"):
        raise ValueError(f"unknown split {split!r}; known: train, test")
    rng = np.random.Generator(np.random.PCG64(derive(0, "embedded", name, split)))
    count = PER_CLASS[name][split]
    if name in _TEXTS:
        texts, labels, _ = _TEXTS[name](rng, count)
        return texts, labels
    classes = CLASSES[name]
    images = np.concatenate([_IMAGES[name](rng, label, count) for label in range(classes)])
    rows = order(rng, len(images))
    return images[rows], np.repeat(np.arange(classes), count)[rows]
