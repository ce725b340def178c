"""Tiny prepared data sets that can be learned: what contract tests train on."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from chaoscl.data import Bank, Card, Prepared, open_prepared

TRAIN_ROWS, TEST_ROWS = 60, 30
VOCABULARY = 40
_LENGTH = 12


def write_tiny(folder: Path, card: Card, train: int = TRAIN_ROWS) -> Prepared:
    """Write and return a data set in which every class has tokens, or a bright pixel, of its own.

    Args:
        folder: new.
        card: shape and classes; texts have 12 tokens whatever it says.
        train: training rows; there are 30 test rows.
    """
    draws = np.random.default_rng(sum(card.name.encode()))
    rows = train + TEST_ROWS
    labels = np.arange(rows) % len(card.classes)
    if card.modality == "text":
        inputs = draws.integers(2, VOCABULARY, (rows, _LENGTH)).astype(np.int32)
        inputs[:, :4] = 2 + labels[:, None]
        inputs[:, 9:] = 0
    else:
        inputs = draws.integers(0, 60, (rows, *card.shape)).astype(np.uint8)
        inputs.reshape(rows, -1)[np.arange(rows), labels % inputs[0].size] = 255
    folder.mkdir(parents=True)
    np.save(folder / "inputs.npy", inputs)
    np.save(folder / "labels.npy", labels.astype(np.int64))
    if card.modality == "text":
        words = ["<pad>", "<unk>", *(f"w{number}" for number in range(VOCABULARY - 2))]
        (folder / "vocabulary.txt").write_text("\n".join(words), encoding="utf-8")
    meta = {
        "card": asdict(card),
        "source": "embedded",
        "note": "tiny",
        "remarks": [],
        "train_rows": train,
        "sha256": card.name,
        "bytes": {},
    }
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    return open_prepared(folder)


def tiny_bank(folder: Path, cards: Iterable[Card]) -> Bank:
    """Return a bank of tiny data sets, written to subfolders of ``folder``."""
    return Bank([write_tiny(folder / card.name, card) for card in cards])
