"""Official releases: torchvision for the image sets, Hugging Face ``datasets`` for the text sets.

Both keep what they download and check it: torchvision by MD5, Hugging Face by the revision in the card.
"""

import errno
from pathlib import Path
from typing import Any

import numpy as np

from chaoscl.data.card import Card
from chaoscl.data.dataset import Dataset
from chaoscl.data.raw import RawSplit, check_split, unavailable


def read(dataset: Dataset, folder: Path, split: str) -> RawSplit:
    """Read one split with the data set's own reader, which downloads into ``folder`` what is not there.

    Raises:
        UserError: no reader, no network, a broken download, or rows that the card does not allow.
    """
    card = dataset.card
    if dataset.read is None:
        raise unavailable(card, "no official release is known")
    where = f"{'its own' if dataset.source else 'the official'} {split} split"
    # Libraries fail in many ways (HTTP, sockets, archives, hashes, their own classes); to the user all of them mean
    # that the data is not to be had this way, so the library's words are passed on in one line.
    try:
        raw = dataset.read(split, folder)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise  # the caller says where and what to do
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise unavailable(card, f"{where} could not be had ({reason})") from error
    return check_split(card, split, raw, where)


def read_texts(card: Card, split: str, folder: Path) -> RawSplit:
    """Return the columns ``text`` and ``label`` of a Hugging Face data set at the card's revision."""
    import datasets

    name, revision = card.official.split("@")
    rows = datasets.load_dataset(name, revision=revision, split=split, cache_dir=str(folder / "huggingface"))
    return RawSplit(list(rows["text"]), np.asarray(rows["label"], dtype=np.int64))


def torchvision_options(split: str, folder: Path) -> dict[str, Any]:
    """Return the arguments of a torchvision data set."""
    return {"root": str(folder / "torchvision"), "train": split == "train", "download": True}


def grey_split(rows: Any) -> RawSplit:
    """Return the rows of a torchvision data set of grey images."""
    return RawSplit(rows.data.numpy()[:, None].copy(), rows.targets.numpy().astype(np.int64))
