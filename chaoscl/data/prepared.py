"""Prepared data: tensors on disk, made once, memory-mapped by every process afterwards."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from chaoscl.data.card import Card
from chaoscl.data.dataset import Dataset
from chaoscl.data.raw import RawSplit
from chaoscl.data.remarks import weaknesses
from chaoscl.data.sources import Source, describe, fingerprint, note, read
from chaoscl.data.text import build_vocabulary, encode, tokenise
from chaoscl.files import new_folder, storage_errors

if TYPE_CHECKING:
    from torch import Tensor

PREPARATION_VERSION = 3
_INPUTS, _LABELS, _VOCABULARY, _META = "inputs.npy", "labels.npy", "vocabulary.txt", "meta.json"


@dataclass(frozen=True)
class Prepared:
    """A data set ready for training. Training rows come first, test rows after them.

    Attributes:
        card: the data set.
        inputs: images uint8 (rows, channels, height, width), or tokens int32 (rows, length); memory-mapped.
        labels: int64 (rows,), the data set's own labels from 0.
        train_rows: how many rows belong to the training split.
        vocabulary: the tokens by number (texts; empty for images).
        source: ``official``, ``mirror``, ``embedded`` or ``generated``.
        sha256: over the bytes of inputs and labels.
        note: what a reader of a result should know, such as deviations from the official release.
        folder: where the files are.
        remarks: what was found in these rows that weakens a task, and what was done to them; ``note`` ends with them.
    """

    card: Card
    inputs: Tensor
    labels: Tensor
    train_rows: int
    vocabulary: tuple[str, ...]
    source: str
    sha256: str
    note: str
    folder: Path
    remarks: tuple[str, ...] = ()

    @property
    def test_rows(self) -> int:
        """How many rows belong to the test split."""
        return len(self.labels) - self.train_rows


def default_cache() -> Path:
    """Return the cache folder: ``CHAOSCL_CACHE``, or ``chaoscl`` in the user's cache folder."""
    named = os.environ.get("CHAOSCL_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chaoscl"


def prepare(
    dataset: Dataset, source: Source, cache: Path | None = None, report: Callable[[str], None] = lambda message: None
) -> Prepared:
    """Return a data set's prepared tensors, making them first if the cache does not hold them.

    The cache key covers the source's hash, the card's preparation settings and PREPARATION_VERSION. Several
    processes may call this at once: one prepares, the others wait.

    Args:
        dataset: the data set.
        source: where to read it.
        cache: the cache folder; default_cache() if None.
        report: told in a sentence when something has to be prepared.

    Raises:
        UserError: the data cannot be had, or the cache cannot be written.
    """
    name = dataset.name
    cache = cache or default_cache()
    folder = cache / "prepared" / f"{name}-{describe(dataset, source)}-{_key(dataset, source)}"
    with storage_errors(f"prepared {name}", cache, "free some space or set CHAOSCL_CACHE to another folder"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(str(folder) + ".lock"):
            if not _complete(folder):
                report(f"preparing {name} ({describe(dataset, source)})")
                _write(dataset, source, folder, cache / "downloads")
    return open_prepared(folder, dataset.card)


def open_prepared(folder: Path, card: Card | None = None) -> Prepared:
    """Memory-map the prepared data set in ``folder``.

    Args:
        folder: that ``prepare`` has made.
        card: of the data set; None for the one that it was prepared with.
    """
    meta = json.loads((folder / _META).read_text(encoding="utf-8"))
    vocabulary = folder / _VOCABULARY
    return Prepared(
        card=card or Card(**meta["card"]),
        inputs=_map(folder / _INPUTS),
        labels=_map(folder / _LABELS),
        train_rows=meta["train_rows"],
        vocabulary=tuple(vocabulary.read_text(encoding="utf-8").split("\n")) if vocabulary.exists() else (),
        source=meta["source"],
        sha256=meta["sha256"],
        note=meta["note"],
        folder=folder,
        remarks=tuple(meta["remarks"]),
    )


def _map(path: Path) -> Tensor:
    import torch  # not before it is needed: see chaoscl.data.bank

    # Copy-on-write: torch wants a writable array, and no write ever reaches the file.
    return torch.from_numpy(np.load(path, mmap_mode="c"))


def _key(dataset: Dataset, source: Source) -> str:
    card = dataset.card
    settings = {
        "preparation": PREPARATION_VERSION,
        "source": fingerprint(dataset, source),
        "shape": card.shape,
        "classes": card.classes,
        "vocabulary": card.vocabulary,
        "min_frequency": card.min_frequency,
        "tokens": card.tokens,
    }
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


def _complete(folder: Path) -> bool:
    """Say whether the folder holds whole files: it is renamed into place when done, but files can be cut later."""
    try:
        meta = json.loads((folder / _META).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in meta["bytes"].items())
    except (OSError, ValueError, KeyError):
        return False


def _write(dataset: Dataset, source: Source, folder: Path, downloads: Path) -> None:
    card = dataset.card
    train, test = (read(dataset, source, split, downloads) for split in ("train", "test"))
    labels = np.concatenate([train.labels, test.labels])
    inputs, vocabulary = _inputs(card, train, test)
    done = [f"{split}: {remark}." for split, raw in (("train", train), ("test", test)) for remark in raw.remarks]
    remarks = [*done, *weaknesses(card, inputs, labels, len(train.labels))]
    with new_folder(folder) as temporary:
        _save(temporary / _INPUTS, inputs)
        _save(temporary / _LABELS, labels)
        if vocabulary:
            (temporary / _VOCABULARY).write_text("\n".join(vocabulary), encoding="utf-8")
        meta: dict[str, Any] = {
            "card": asdict(card),
            "source": describe(dataset, source),
            "note": _note(note(dataset, source), remarks),
            "remarks": remarks,
            "train_rows": len(train.labels),
            "test_rows": len(test.labels),
            "sha256": hashlib.sha256(inputs.tobytes() + labels.tobytes()).hexdigest(),
            "bytes": {file.name: file.stat().st_size for file in sorted(temporary.iterdir())},
        }
        (temporary / _META).write_text(json.dumps(meta, indent=1), encoding="utf-8")


def _note(told: str, remarks: Sequence[str]) -> str:
    """Return what is told of the source, then the remarks, as sentences."""
    told = f"{told}." if told and remarks and not told.endswith(".") else told
    return " ".join(part for part in (told, *remarks) if part)


def _save(path: Path, array: NDArray[Any]) -> None:
    try:
        np.save(path, array)
    except OSError as error:
        if error.errno is None:  # NumPy tells of a short write in words of its own, without the system's number
            raise OSError(errno.ENOSPC, str(error)) from error
        raise


def _inputs(card: Card, train: RawSplit, test: RawSplit) -> tuple[NDArray[Any], Sequence[str]]:
    if isinstance(train.inputs, list) or isinstance(test.inputs, list):
        documents = [tokenise(text, card.tokens) for text in (*train.inputs, *test.inputs)]
        seen = documents[: len(train.inputs)]
        vocabulary = build_vocabulary(seen, card.vocabulary, card.min_frequency)
        return encode(documents, vocabulary, card.shape[0]), vocabulary
    return np.concatenate([train.inputs, test.inputs]), ()
