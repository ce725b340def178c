"""Where data comes from: the official release, a mirror folder, or the embedded generators. Never one for another."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from chaoscl.data import mirror, official
from chaoscl.data.dataset import Dataset
from chaoscl.data.raw import RawSplit, check_split, unavailable
from chaoscl.data.sets.stand_ins import version as generator_version
from chaoscl.errors import UserError

Kind = Literal["official", "mirror", "embedded"]


@dataclass(frozen=True)
class Source:
    """A source of data.

    Attributes:
        kind: ``official``, ``mirror`` or ``embedded``.
        folder: the mirror folder; None for the other kinds.
    """

    kind: Kind
    folder: Path | None = None


def choose_source(
    kind: str | None = None, data_dir: str | None = None, environ: Mapping[str, str] = os.environ
) -> Source:
    """Return the source that the options ask for.

    ``--data`` decides; without it ``--data-dir`` or ``CHAOSCL_DATA`` mean a mirror, and nothing means the official
    release.

    Args:
        kind: the value of ``--data``, or None.
        data_dir: the value of ``--data-dir``, or None.
        environ: where ``CHAOSCL_DATA`` is looked up.

    Raises:
        UserError: an unknown kind, options that contradict each other, or a folder that is not there.
    """
    if kind is not None and kind not in get_args(Kind):
        raise UserError(f"unknown --data '{kind}'; there are: {', '.join(get_args(Kind))}")
    if data_dir is not None and kind in ("official", "embedded"):
        raise UserError(f"--data {kind} and --data-dir {data_dir} contradict each other; give one of them")
    if data_dir == "":
        raise UserError("--data-dir is empty; name a folder that holds <data set>/train.parquet, or leave it out")
    folder = data_dir or environ.get("CHAOSCL_DATA")
    kind = kind or ("mirror" if folder else "official")
    if kind == "official":
        return Source("official")
    if kind == "embedded":
        return Source("embedded")
    if not folder:
        raise UserError("--data mirror needs a folder: give --data-dir DIR or set CHAOSCL_DATA")
    if not Path(folder).is_dir():
        option = "--data-dir" if data_dir else "CHAOSCL_DATA"
        raise UserError(
            f"{option} {folder}: no such folder; name one that holds <data set>/train.parquet, or use --data embedded"
        )
    return Source("mirror", Path(folder))


def describe(dataset: Dataset, source: Source) -> str:
    """Return the word of result tables for this data: the source's kind, ``generated`` or ``local``."""
    return dataset.source or source.kind


def note(dataset: Dataset, source: Source) -> str:
    """Return what a reader of a result should know of this data set from this source."""
    card = dataset.card
    remarks = mirror.remarks(card, source.folder) if source.folder is not None and not dataset.source else ""
    if describe(dataset, source) == "embedded":
        remarks = f"generated stand-in, not {card.title}"
    return " ".join(part for part in (card.note and f"{card.note}.", remarks) if part)


def fingerprint(dataset: Dataset, source: Source) -> str:
    """Return a text that changes whenever the source's rows for this data set do.

    Raises:
        UserError: a mirror's file is missing or damaged.
    """
    if dataset.source:
        return "-".join(filter(None, (dataset.name, dataset.version, dataset.origin.sha256)))
    if source.kind == "embedded":
        return generator_version()
    if source.folder is not None:
        return mirror.fingerprint(dataset.card, source.folder)
    return dataset.card.official


def read(dataset: Dataset, source: Source, split: Literal["train", "test"], downloads: Path) -> RawSplit:
    """Read one split of a data set.

    Args:
        dataset: what is read.
        source: where to read it, unless the data set has a place of its own.
        split: ``train`` or ``test``.
        downloads: folder in which official downloads are kept.

    Raises:
        UserError: the data cannot be had; the message names the ways out.
    """
    if dataset.source or source.kind == "official":
        return official.read(dataset, downloads, split)
    if source.kind == "embedded":
        if dataset.generate is None:
            raise unavailable(dataset.card, "it has no synthetic generator")
        return check_split(dataset.card, split, dataset.generate(split), f"embedded {split}")
    assert source.folder is not None
    return mirror.read(dataset.card, source.folder, split)
