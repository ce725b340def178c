"""The mirror source: a folder with ``<name>/{train,test}.parquet`` in the Hugging Face layout."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from chaoscl.data.cards import Card
from chaoscl.data.raw import RawSplit, check_split, unavailable

SPLITS = ("train", "test")


def _file(card: Card, folder: Path, split: str) -> Path:
    path = folder / card.name / f"{split}.parquet"
    if not path.is_file():
        raise unavailable(card, f"{path} is missing")
    return path


def _stated(card: Card, folder: Path, split: str) -> dict[str, Any]:
    """Return what the folder's MANIFEST.json says of a file; nothing if there is none or it says nothing.

    Raises:
        UserError: the manifest is there but broken, so that nothing can be checked against it.
    """
    path = folder / "MANIFEST.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise unavailable(card, f"{path} is not readable JSON ({_one_line(error)})") from error
    try:
        return dict(manifest["files"][f"{card.name}/{split}.parquet"])
    except (KeyError, TypeError, ValueError):
        return {}


def remarks(card: Card, folder: Path) -> str:
    """Return the first remark that MANIFEST.json makes on each file: how it deviates from the official release."""
    firsts = {split: _stated(card, folder, split).get("remarks", [])[:1] for split in SPLITS}
    return " ".join(f"{split}: {first[0]}" for split, first in firsts.items() if first)


def fingerprint(card: Card, folder: Path) -> str:
    """Return the SHA-256 over both Parquet files, checked against MANIFEST.json where that names them.

    Raises:
        UserError: a file is missing or unreadable, or its hash is not the manifest's.
    """
    combined = hashlib.sha256()
    for split in SPLITS:
        path = _file(card, folder, split)
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise unavailable(card, f"{path} cannot be read ({_one_line(error)})") from error
        stated = _stated(card, folder, split).get("sha256")
        if stated is not None and stated != digest:
            raise unavailable(
                card,
                f"{path} has SHA-256 {digest[:12]}, but MANIFEST.json says {str(stated)[:12]}: damaged or cut short",
            )
        combined.update(digest.encode())
    return combined.hexdigest()


def read(card: Card, folder: Path, split: str) -> RawSplit:
    """Read one split.

    Raises:
        UserError: the file is missing or broken, lacks a column, or holds a row that the card does not allow.
    """
    path = _file(card, folder, split)
    column = "text" if card.modality == "text" else "image"
    try:
        schema = pq.read_schema(path)
        for name in (column, "label"):
            if name not in schema.names:
                raise unavailable(card, f"{path} has no column '{name}' (it has: {', '.join(schema.names)})")
        table = pq.read_table(path, columns=[column, "label"])
        rows: list[Any] = table[column].to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unavailable(card, f"{path} is not a readable Parquet file ({_one_line(error)})") from error
    for name in (column, "label"):
        if table[name].null_count:
            raise unavailable(card, f"{path} has {table[name].null_count} empty values in column '{name}'")
    if not pa.types.is_integer(table["label"].type):
        raise unavailable(card, f"{path}: column 'label' does not hold whole numbers")
    labels = np.asarray(table["label"].to_numpy(), dtype=np.int64)
    inputs = _texts(card, path, rows) if card.modality == "text" else _images(card, path, rows)
    return check_split(card, split, RawSplit(inputs, labels), str(path))


def _texts(card: Card, path: Path, rows: list[Any]) -> list[str]:
    for number, row in enumerate(rows):
        if not isinstance(row, str):
            raise unavailable(card, f"{path} row {number}: column 'text' does not hold text")
    return rows


def _images(card: Card, path: Path, rows: list[Any]) -> NDArray[np.uint8]:
    channels, height, width = card.shape
    images = np.empty((len(rows), channels, height, width), dtype=np.uint8)
    for number, row in enumerate(rows):
        try:
            with Image.open(io.BytesIO(row["bytes"])) as file:
                pixels = np.asarray(file.convert("L" if channels == 1 else "RGB"))
        except (OSError, KeyError, TypeError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise unavailable(card, f"{path} row {number}: no readable image ({_one_line(error)})") from error
        if pixels.shape[:2] != (height, width):
            raise unavailable(card, f"{path} row {number}: image of size {pixels.shape[:2]}, not {(height, width)}")
        images[number] = pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)
    return images


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
