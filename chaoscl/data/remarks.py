"""What silently weakens a task in prepared rows: nothing fails, but a number means less than it seems to."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaoscl.data.card import Card
from chaoscl.data.text import UNKNOWN


def weaknesses(card: Card, inputs: NDArray[Any], labels: NDArray[np.int64], train_rows: int) -> list[str]:
    """Return a sentence for each weakness: classes without rows, texts without a known token, rows in both splits.

    Args:
        card: the data set.
        inputs: as prepared (rows, ...), training rows first; two rows are the same if a model cannot tell them apart.
        labels: int64 (rows,).
        train_rows: how many rows belong to the training split.
    """
    splits = {"train": slice(None, train_rows), "test": slice(train_rows, None)}
    found = []
    for split, rows in splits.items():
        counts = np.bincount(labels[rows], minlength=len(card.classes))
        missing = [name for name, count in zip(card.classes, counts, strict=True) if not count]
        if missing:
            found.append(f"{split}: no row of {len(missing)} of {len(counts)} classes ({', '.join(missing)}).")
        if card.modality == "text":
            empty = int((inputs[rows] <= UNKNOWN).all(axis=1).sum())
            if empty:
                found.append(f"{split}: {empty:,} of {counts.sum():,} texts hold no token of the vocabulary.")
    seen = set(_digests(inputs[:train_rows]))
    both = sum(digest in seen for digest in _digests(inputs[train_rows:]))
    if both:
        found.append(f"test: {both:,} of {len(labels) - train_rows:,} rows are in the training split too.")
    return found


def _digests(rows: NDArray[Any]) -> list[bytes]:
    return [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in rows]
