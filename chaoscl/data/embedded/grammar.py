"""What both text generators share: patterns with slots, punctuation, wrong labels."""

from collections.abc import Callable

import numpy as np

from chaoscl.data.embedded.draws import Labels

# words that begin with a vowel on paper only
SOUNDED = ("unio", "use", "one")

Slots = Callable[[str], str | None]


def fill(pattern: str, slots: Slots) -> list[str]:
    """Return the words of a pattern, every slot (a capital letter) replaced by what ``slots`` gives for it."""
    parts: list[str] = []
    for token in pattern.split():
        parts += ((slots(token) if token.isupper() else None) or token).split()
    return parts


def finish(parts: list[str]) -> str:
    """Join words to a text: no space before a comma or stop, a capital letter after a stop, a stop at the end."""
    text, start = "", True
    for word, following in zip(parts, [*parts[1:], "."], strict=True):
        if word == "a" and following[0] in "aeiouAEIOU" and not following.startswith(SOUNDED):
            word = "an"
        if word in ",.":
            text += word
        else:
            text += (" " if text else "") + (word[0].upper() + word[1:] if start else word)
        start = word == "."
    return text + "."


def wrong_labels(labels: Labels, classes: int, share: float) -> Labels:
    """Return labels of which about ``share`` are wrong while all classes stay equally frequent.

    The first rows of each class are relabelled, the same number to every other class; labels must be shuffled.
    """
    noisy = labels.copy()
    per_class = len(labels) // classes
    each = round(share * per_class / (classes - 1))
    for label in range(classes):
        rows = np.flatnonzero(labels == label)
        for step in range(1, classes):
            noisy[rows[(step - 1) * each : step * each]] = (label + step) % classes
    return noisy
