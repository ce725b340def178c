"""From the column of labels of a table to label numbers: whole numbers as they are, class names by the card."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from chaoscl.data.card import Card

RENUMBERED = "labels numbered by the class names that the file declares"


class LabelsError(ValueError):
    """A column that does not hold the labels of the card."""


def read_labels(
    card: Card, column: pa.ChunkedArray, declared: Sequence[str]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the labels, int64 (rows,), and what was done to them.

    Args:
        card: its classes are matched, whatever the case, in full or by a beginning that only one of them has.
        column: whole numbers or class names, without nulls.
        declared: the names that the file declares for 0, 1, ...; empty if it declares none.

    Raises:
        LabelsError: it holds something else, or names that are not the card's.
    """
    if pa.types.is_integer(column.type):
        return _by_declared_names(card, np.asarray(column.to_numpy(), dtype=np.int64), declared)
    names = [_clean(value) if isinstance(value, str) else None for value in column.to_pylist()]
    if None in names:
        raise LabelsError(f"column 'label' does not hold whole numbers or class names, but {column.type}")
    numbers = {name: _number(card, name) for name in dict.fromkeys(names) if name is not None}
    wrong = [name for name, number in numbers.items() if number is None]
    if wrong:
        raise LabelsError(f"label '{wrong[0]}' is none of the classes {', '.join(card.classes)}")
    return np.array([numbers[name] for name in names if name is not None], dtype=np.int64), ()


def declared_names(metadata: Mapping[bytes, bytes] | None) -> list[str]:
    """Return the class names that the metadata of `datasets` in a Parquet file declares for its labels, or none."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        return [str(name) for name in features["label"]["names"]]
    except (KeyError, TypeError, ValueError):
        return []


def _by_declared_names(
    card: Card, labels: NDArray[np.int64], declared: Sequence[str]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the labels in the card's order of classes; as they are where the declared names do not contradict it."""
    used = [label for label in np.unique(labels).tolist() if 0 <= label < len(declared)]
    numbers = {label: _number(card, _clean(declared[label])) for label in used}
    if all(number in (label, None) for label, number in numbers.items()):
        return labels, ()
    wrong = [declared[label] for label, number in numbers.items() if number is None]
    if wrong or len(used) < len(np.unique(labels)):
        raise LabelsError(
            f"the names that the file declares for its labels ({', '.join(declared)}) are not the classes"
            f" {', '.join(card.classes)}, nor in their order"
        )
    order = np.array([numbers.get(label) or 0 for label in range(len(declared))], dtype=np.int64)
    return order[labels], (RENUMBERED,)


def _clean(name: str) -> str:
    return name.lstrip("\ufeff").strip().casefold()


def _number(card: Card, name: str) -> int | None:
    """Return the label of the class that is called ``name`` (cleaned) or is the only one to begin with it, or None."""
    classes = [one.casefold() for one in card.classes]
    if name in classes:
        return classes.index(name)
    begun = [number for number, one in enumerate(classes) if one.startswith(name)]
    return begun[0] if len(begun) == 1 else None
