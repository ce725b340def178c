"""EMNIST Letters: handwritten letters."""

from functools import partial
from pathlib import Path

from chaoscl.data.card import Card
from chaoscl.data.dataset import Dataset, Training
from chaoscl.data.official import grey_split, torchvision_options
from chaoscl.data.raw import RawSplit
from chaoscl.data.sets.stand_ins import generate

CARD = Card(
    name="emnist_letters",
    title="EMNIST Letters",
    modality="image",
    kind="handwritten letter, case merged, made upright",
    classes=tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    shape=(1, 28, 28),
    train_rows=124_800,
    test_rows=20_800,
    mean=(0.1722,),
    std=(0.3309,),
    official="torchvision.datasets.EMNIST (split letters)",
    licence="works of a U.S. government agency (NIST)",
    citation="Cohen, Afshar, Tapson, van Schaik: EMNIST. arXiv:1702.05373, 2017",
    note="official labels start at 1; here at 0",
)


def _read(split: str, folder: Path) -> RawSplit:
    """Return the rows of torchvision's EMNIST: its files hold each image transposed, and labels 1..26."""
    from torchvision import datasets

    rows = grey_split(datasets.EMNIST(split="letters", **torchvision_options(split, folder)))
    return RawSplit(rows.inputs.transpose(0, 1, 3, 2).copy(), rows.labels - 1)  # type: ignore[union-attr]


DATASET = Dataset(
    CARD,
    read=_read,
    generate=partial(generate, "emnist_letters"),
    source="",
    training=Training(max_lr=5e-3, epochs=64, searched=True, chaosnet_epochs=10),
)
