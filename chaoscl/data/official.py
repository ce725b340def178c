"""The official source: torchvision for the image sets, Hugging Face ``datasets`` for the text sets.

Both keep what they download and check it: torchvision by MD5, Hugging Face by the revision in the card.
"""

import errno
from pathlib import Path
from typing import Any

import numpy as np

from chaoscl.data.cards import Card
from chaoscl.data.raw import RawSplit, check_split, unavailable


def fingerprint(card: Card) -> str:
    """Return what identifies the official release: its class, or its name and revision."""
    return card.official


def read(card: Card, folder: Path, split: str) -> RawSplit:
    """Download one split into ``folder`` if it is not there, and read it.

    Raises:
        UserError: no network, a broken download, or rows that the card does not allow.
    """
    # Both libraries fail in many ways (HTTP, sockets, archives, hashes, their own classes); to the user all of
    # them mean that the data is not to be had this way, so the library's words are passed on in one line.
    try:
        raw = _read_text(card, folder, split) if card.modality == "text" else _read_images(card, folder, split)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise  # the caller says where and what to do
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise unavailable(card, f"the official {split} split could not be had ({reason})") from error
    return check_split(card, split, raw, f"the official {split} split")


def _read_text(card: Card, folder: Path, split: str) -> RawSplit:
    import datasets

    name, revision = card.official.split("@")
    rows = datasets.load_dataset(name, revision=revision, split=split, cache_dir=str(folder / "huggingface"))
    return RawSplit(list(rows["text"]), np.asarray(rows["label"], dtype=np.int64))


def _read_images(card: Card, folder: Path, split: str) -> RawSplit:
    from torchvision import datasets

    options: dict[str, Any] = {"root": str(folder / "torchvision"), "train": split == "train", "download": True}
    if card.name == "emnist_letters":
        letters = datasets.EMNIST(split="letters", **options)
        # The files hold each image transposed, and labels 1..26.
        return RawSplit(letters.data.numpy().transpose(0, 2, 1)[:, None].copy(), letters.targets.numpy() - 1)
    if card.name == "cifar10":
        photos = datasets.CIFAR10(**options)
        return RawSplit(
            np.ascontiguousarray(photos.data.transpose(0, 3, 1, 2)), np.asarray(photos.targets, dtype=np.int64)
        )
    reader = {"mnist": datasets.MNIST, "fashion_mnist": datasets.FashionMNIST}[card.name]
    grey = reader(**options)
    return RawSplit(grey.data.numpy()[:, None].copy(), grey.targets.numpy().astype(np.int64))
