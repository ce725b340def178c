"""Text preparation: tokens, vocabulary, fixed-length rows (ChaosNet's published recipe)."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

PAD, UNKNOWN = 0, 1
_SPECIAL = ("<pad>", "<unk>")
_WORD = re.compile(r"\w+")


def tokenise(text: str, tokens: Literal["words", "characters"] = "words") -> list[str]:
    r"""Split a text into lower-case words (regex ``\w+``), or into characters."""
    lowered = text.lower()
    return _WORD.findall(lowered) if tokens == "words" else list(lowered)


def build_vocabulary(documents: Iterable[Sequence[str]], size: int, min_frequency: int) -> list[str]:
    """Return the vocabulary: ``<pad>``, ``<unk>``, then tokens by falling frequency, ties in code-point order.

    Args:
        documents: tokens of the training split, nothing else.
        size: the most entries, the two special ones included.
        min_frequency: occurrences that a token needs.
    """
    counts: Counter[str] = Counter()
    for document in documents:
        counts.update(document)
    frequent = sorted((-count, token) for token, count in counts.items() if count >= min_frequency)
    return [*_SPECIAL, *(token for _, token in frequent[: size - len(_SPECIAL)])]


def encode(documents: Sequence[Sequence[str]], vocabulary: Sequence[str], length: int) -> NDArray[np.int32]:
    """Return token numbers, int32 (documents, length): cut at ``length``, filled up with 0, unknown tokens 1."""
    numbers = {token: number for number, token in enumerate(vocabulary)}
    rows = np.full((len(documents), length), PAD, dtype=np.int32)
    for row, document in zip(rows, documents, strict=True):
        kept = [numbers.get(token, UNKNOWN) for token in document[:length]]
        row[: len(kept)] = kept
    return rows
