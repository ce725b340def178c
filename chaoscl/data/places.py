"""Data sets without any Python: Parquet folders, Hugging Face hub names, image folders and CSV files.

The card is read off the data: modality by the columns, classes by the declared or the given names, the shape by the
first image, mean and deviation of the pixels by the training rows. A ``card.toml`` beside Parquet files states some of
it instead.
"""

import hashlib
import re
import tomllib
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from chaoscl.data.card import Card
from chaoscl.data.dataset import LOCAL, Dataset
from chaoscl.data.labels import declared_names
from chaoscl.data.mirror import SPLITS, decoded_shape, read_table
from chaoscl.data.raw import RawSplit
from chaoscl.errors import UserError
from chaoscl.registry import Origin

_KINDS = ("hf", "folder", "csv")
_FORMS = "hf:OWNER/NAME@REVISION, folder:PATH with train/CLASS/ and test/CLASS/, csv:PATH with train.csv and test.csv"
_CARD = "card.toml"


def parquet_dataset(name: str, folder: Path) -> Dataset:
    """Return the data set of ``folder/name/{train,test}.parquet``, with what ``card.toml`` there states of it.

    Raises:
        UserError: a file is missing or broken, or the card cannot be made.
    """
    place = folder / name
    paths = {split: place / f"{split}.parquet" for split in SPLITS}
    for path in paths.values():
        if not path.is_file():
            raise UserError(f"data set '{name}': {path} is missing; it needs train.parquet and test.parquet")
    return Dataset(_card(name, str(place), {split: _parquet(path) for split, path in paths.items()}, _stated(place)))


def dataset_at(text: str) -> Dataset:
    """Return the data set at a place: ``hf:OWNER/NAME@REVISION``, ``folder:PATH`` or ``csv:PATH``.

    Raises:
        UserError: the place is not there, cannot be reached, or does not hold two splits with labels.
    """
    kind, _, place = text.partition(":")
    if kind not in _KINDS or not place:
        raise UserError(f"'{text}' is no place of data; give {_FORMS}")
    if kind == "hf" and "@" not in place:
        raise UserError(
            f"'{text}': give the revision too, hf:{place}@REVISION; the same command must find the same rows"
        )
    tables = {split: _table(kind, place, split) for split in SPLITS}
    name = re.sub(r"[^\w-]+", "_", Path(place.partition("@")[0]).name) or kind
    digest = place.partition("@")[2] if kind == "hf" else _content_hash(Path(place))
    stated = {} if kind == "hf" else _stated(Path(place))
    return Dataset(
        _card(name, text, tables, stated),
        read=partial(_rows, kind, place, stated),
        version=f"{kind}-{digest}",
        source=LOCAL if kind != "hf" else "hub",
        origin=Origin(text),
    )


def _rows(kind: str, place: str, stated: dict[str, Any], split: str, folder: Path) -> RawSplit:
    """Return the rows of a split of a place."""
    tables = {one: _table(kind, place, one) for one in SPLITS}
    card = _card("data", place, tables, stated)
    return read_table(card, split, tables[split], f"{place} {split}")


@lru_cache(maxsize=4)
def _table(kind: str, place: str, split: str) -> pa.Table:
    """Return the rows of a split with the columns ``text`` or ``image``, and ``label``; images as encoded bytes."""
    import datasets

    datasets.disable_progress_bars()
    try:
        if kind == "hf":
            name, _, revision = place.partition("@")
            rows = datasets.load_dataset(name, revision=revision, split=split)
        elif kind == "csv":
            path = Path(place).expanduser() / f"{split}.csv"
            rows = datasets.Dataset.from_csv(str(path), keep_in_memory=True)
        else:
            path = Path(place).expanduser() / split
            rows = datasets.load_dataset("imagefolder", data_dir=str(path), split="train")
    # The library fails in many ways (no network, no file, no such split); its words are passed on in one line.
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise UserError(f"'{kind}:{place}': the {split} split could not be had ({reason}); give {_FORMS}") from error
    if "image" in rows.features:
        rows = rows.cast_column("image", datasets.Image(decode=False)).map(_with_bytes)
    table = rows.with_format("arrow")[:]
    return table.replace_schema_metadata(rows.features.arrow_schema.metadata)


def _with_bytes(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose image holds its bytes, not only the path of its file."""
    image = row["image"]
    return {"image": {"bytes": image["bytes"] or Path(image["path"]).read_bytes(), "path": None}}


def _parquet(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{path} is not a readable Parquet file ({' '.join(str(error).split())[:200]})") from error


def _stated(place: Path) -> dict[str, Any]:
    """Return what ``card.toml`` states of the data set; nothing if there is none.

    Raises:
        UserError: the file is not TOML, or states what a card does not have.
    """
    path = place / _CARD
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not readable TOML ({error})") from error
    known = set(Card.__dataclass_fields__) - {"name"}
    if wrong := sorted(set(stated) - known):
        raise UserError(f"{path} states {', '.join(wrong)}; a card has: {', '.join(sorted(known))}")
    return stated


def _card(name: str, place: str, tables: dict[str, pa.Table], stated: dict[str, Any]) -> Card:
    """Return the card of a data set: as stated, and for the rest as the tables show it.

    Raises:
        UserError: a column is missing, or what is stated is not a card.
    """
    train = tables["train"]
    column = next((one for one in ("image", "text") if one in train.column_names), None)
    if column is None or "label" not in train.column_names:
        names = ", ".join(train.column_names)
        raise UserError(
            f"data set '{name}' in {place}: it needs the columns 'label' and 'text' or 'image', and has {names}"
        )
    found: dict[str, Any] = {"modality": column, "classes": _classes(tables), "note": f"card read off {place}"}
    counts = {"train_rows": train.num_rows, "test_rows": tables["test"].num_rows}
    found |= counts
    if column == "image":
        try:
            found["shape"] = decoded_shape(train[column])
        except (ValueError, OSError) as error:
            raise UserError(f"data set '{name}' in {place}: its first image is not readable ({error})") from error
        draft = Card(name, **(found | stated))
        if not ("mean" in stated and "std" in stated):
            pixels = read_table(draft, "train", train, place).inputs
            assert not isinstance(pixels, list)
            found["mean"], found["std"] = _moments(pixels)
    try:
        return Card(name, **(found | stated))
    except TypeError as error:
        raise UserError(f"data set '{name}' in {place}: {error}") from error


def _classes(tables: dict[str, pa.Table]) -> tuple[str, ...]:
    """Return the class names: those that the file declares, else the labels themselves, sorted."""
    declared = declared_names(tables["train"].schema.metadata)
    if declared:
        return tuple(declared)
    labels = {label for table in tables.values() for label in table["label"].to_pylist()}
    if all(isinstance(label, int) for label in labels):
        return tuple(map(str, range(max(labels, default=0) + 1)))
    return tuple(sorted(map(str, labels)))


def _moments(pixels: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of the pixels, a channel, in units of the full range, with four digits."""
    values = np.moveaxis(pixels, 1, 0).reshape(pixels.shape[1], -1) / 255
    mean, std = values.mean(axis=1), values.std(axis=1)
    return tuple(round(float(one), 4) for one in mean), tuple(round(float(one), 4) or 1.0 for one in std)


def _content_hash(place: Path) -> str:
    """Return 16 hex digits over the names and bytes of all files of a folder."""
    combined = hashlib.sha256()
    root = place.expanduser()
    for path in sorted(one for one in root.rglob("*") if one.is_file()):
        combined.update(path.relative_to(root).as_posix().encode())
        combined.update(path.read_bytes())
    return combined.hexdigest()[:16]
