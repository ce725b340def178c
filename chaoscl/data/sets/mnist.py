"""MNIST: handwritten digits."""

from functools import partial
from pathlib import Path

from chaoscl.data.card import Card
from chaoscl.data.dataset import Dataset, Training
from chaoscl.data.official import grey_split, torchvision_options
from chaoscl.data.raw import RawSplit
from chaoscl.data.sets.stand_ins import generate

CARD = Card(
    name="mnist",
    title="MNIST",
    modality="image",
    kind="handwritten digit",
    classes=tuple("0123456789"),
    shape=(1, 28, 28),
    train_rows=60_000,
    test_rows=10_000,
    mean=(0.1307,),
    std=(0.3081,),
    official="torchvision.datasets.MNIST",
    licence="none stated by its authors; often given as CC BY-SA 3.0",
    citation="LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition. 1998",
)


def _read(split: str, folder: Path) -> RawSplit:
    """Return the rows of torchvision's MNIST."""
    from torchvision import datasets

    return grey_split(datasets.MNIST(**torchvision_options(split, folder)))


DATASET = Dataset(
    CARD,
    read=_read,
    generate=partial(generate, "mnist"),
    source="",
    training=Training(max_lr=2e-3, epochs=4, searched=True, chaosnet_epochs=8),
)
