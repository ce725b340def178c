"""What every source of data delivers, and the error when it cannot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chaoscl.data.card import Card
from chaoscl.errors import UserError


@dataclass(frozen=True)
class RawSplit:
    """The rows of one split before preparation.

    Attributes:
        inputs: images as uint8 (N, channels, height, width), or a list of N texts.
        labels: int64 (N,), 0 .. classes - 1.
        remarks: what was done to the rows on the way that changes something.
    """

    inputs: NDArray[np.uint8] | list[str]
    labels: NDArray[np.int64]
    remarks: tuple[str, ...] = ()


def unavailable(card: Card, reason: str) -> UserError:
    """Return the error for data that cannot be had; it names the three ways to get it."""
    return UserError(
        f"{card.name}: {reason}. Three ways to get this data: download it from {card.official or 'its reader'} (no"
        f" --data-dir, network needed); --data-dir DIR or CHAOSCL_DATA with DIR/{card.name}/train.parquet and"
        f" test.parquet; --data embedded for generated stand-ins"
    )


def check_split(card: Card, split: str, raw: RawSplit, where: str) -> RawSplit:
    """Return ``raw`` if it has the card's shapes and labels.

    Raises:
        UserError: it has no rows, images of another shape, or a label out of range.
    """
    if len(raw.labels) == 0:
        raise unavailable(card, f"{where} has no rows")
    if len(raw.inputs) != len(raw.labels):
        raise unavailable(card, f"{where} has {len(raw.inputs)} samples but {len(raw.labels)} labels")
    if not isinstance(raw.inputs, list) and raw.inputs.shape[1:] != card.shape:
        raise unavailable(card, f"{where} has images of shape {raw.inputs.shape[1:]}, not {card.shape}")
    low, high = int(raw.labels.min()), int(raw.labels.max())
    if low < 0 or high >= len(card.classes):
        wrong = low if low < 0 else high
        raise unavailable(card, f"{where} has label {wrong}, outside 0..{len(card.classes) - 1} ({split} split)")
    return raw
