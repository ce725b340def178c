"""The mirror source: a folder with ``<name>/{train,test}.parquet`` in the Hugging Face layout."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from chaoscl.data.card import Card
from chaoscl.data.labels import declared_names, read_labels
from chaoscl.data.pixels import PixelsError, decode
from chaoscl.data.raw import RawSplit, check_split, unavailable

SPLITS = ("train", "test")
_MARK = "\ufeff"
"""The byte order mark, which editors put at the beginning of a file and readers of tables leave out."""


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
        manifest = json.loads(path.read_text(encoding="utf-8-sig"))
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
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unavailable(card, f"{path} is not a readable Parquet file ({_one_line(error)})") from error
    return read_table(card, split, table, str(path))


def read_table(card: Card, split: str, table: pa.Table, where: str) -> RawSplit:
    """Return the rows of a split that stands in a table, in the Hugging Face layout.

    Args:
        card: of the data set.
        split: ``train`` or ``test``.
        table: with the columns ``text`` or ``image``, and ``label``.
        where: what the table is called in messages.

    Raises:
        UserError: it lacks a column, or holds a row that the card does not allow.
    """
    column = "text" if card.modality == "text" else "image"
    samples, given = _columns(card, where, table, (column, "label"))
    try:
        rows: list[Any] = samples.to_pylist()
    except ValueError as error:  # bytes that are no text
        raise unavailable(card, f"{where} is not a readable Parquet file ({_one_line(error)})") from error
    try:
        labels, remarks = read_labels(card, given, declared_names(table.schema.metadata))
    except ValueError as error:  # LabelsError, or bytes that are no text
        raise unavailable(card, f"{where}: {_one_line(error)}") from error
    if card.modality == "text":
        return check_split(card, split, RawSplit(_texts(card, where, rows, samples.type), labels, remarks), where)
    images, done = _images(card, where, rows, samples.type)
    return check_split(card, split, RawSplit(images, labels, (*remarks, *done)), where)


def decoded_shape(column: pa.ChunkedArray) -> tuple[int, int, int]:
    """Return (channels, height, width) of the first image of a column: 1 channel if it is grey, else 3.

    Raises:
        ValueError: there is none, or it cannot be read.
    """
    import io

    from PIL import Image

    if not len(column):
        raise ValueError("there is no row")
    image = Image.open(io.BytesIO(_content(column[0].as_py(), column.type)))
    channels = 1 if image.mode in ("1", "L", "I;16", "I", "F") else 3
    return channels, image.height, image.width


def _columns(card: Card, where: str, table: pa.Table, wanted: Sequence[str]) -> list[pa.ChunkedArray]:
    """Return the columns called ``wanted``, dictionaries decoded.

    Raises:
        UserError: one is missing or there twice, or a value is null.
    """
    # A table that was a CSV file with a byte order mark keeps the mark in the name of its first column.
    there = table.column_names
    columns = []
    for one in wanted:
        found = [position for position, name in enumerate(there) if name.lstrip(_MARK) == one]
        if len(found) != 1:
            fault = "more than one column" if found else "no column"
            raise unavailable(card, f"{where} has {fault} '{one}' (it has: {', '.join(there)})")
        column = table.column(found[0])
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if column.null_count:
            raise unavailable(card, f"{where} has {column.null_count} empty values in column '{one}'")
        columns.append(column)
    return columns


def _texts(card: Card, where: str, rows: list[Any], kind: pa.DataType) -> list[str]:
    for number, row in enumerate(rows):
        if not isinstance(row, str):
            raise unavailable(card, f"{where} row {number}: column 'text' does not hold text, but {kind}")
    return [row.lstrip(_MARK) for row in rows]


def _images(card: Card, table: str, rows: list[Any], kind: pa.DataType) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return the images, uint8 (rows, channels, height, width), and what was done to how many of them."""
    channels, height, width = card.shape
    images = np.empty((len(rows), channels, height, width), dtype=np.uint8)
    done: Counter[str] = Counter()
    for number, row in enumerate(rows):
        where = f"{table} row {number}"
        try:
            pixels, remarks = decode(_content(row, kind), channels)
        except PixelsError as error:
            raise unavailable(card, f"{where}: image in {error}") from error
        # Pillow's readers of formats fail in many ways; to the user all of them mean that the image is broken.
        except Exception as error:
            raise unavailable(card, f"{where}: no readable image ({_one_line(error)})") from error
        if pixels.shape[:2] != (height, width):
            raise unavailable(
                card, f"{where}: image of size {pixels.shape[:2]}, not {(height, width)} (height, width); resize it"
            )
        images[number] = pixels.transpose(2, 0, 1)
        done.update(remarks)
    return images, tuple(f"{count:,} of {len(images):,} images: {remark}" for remark, count in done.items())


def _content(row: Any, kind: pa.DataType) -> bytes:
    """Return the encoded image of a row: its bytes, or the field ``bytes`` of a struct.

    Raises:
        ValueError: there are no bytes. A path alone is not followed: the hash of this file would not cover the image.
    """
    content = row.get("bytes") if isinstance(row, dict) else row
    if isinstance(content, bytes):
        return content
    if isinstance(row, str) or (isinstance(row, dict) and row.get("path")):
        raise ValueError("only the path of a file, not its bytes; put the content of the file into the field 'bytes'")
    raise ValueError(f"column 'image' holds {kind}, and no encoded image in a field 'bytes'")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
