"""CIFAR-10: objects in photographs."""

from functools import partial
from pathlib import Path

import numpy as np

from chaoscl.data.card import Card
from chaoscl.data.dataset import Dataset, Training
from chaoscl.data.official import torchvision_options
from chaoscl.data.raw import RawSplit
from chaoscl.data.sets.stand_ins import generate

CARD = Card(
    name="cifar10",
    title="CIFAR-10",
    modality="image",
    kind="object in a photograph",
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    shape=(3, 32, 32),
    train_rows=50_000,
    test_rows=10_000,
    mean=(0.4914, 0.4822, 0.4465),
    std=(0.2470, 0.2435, 0.2616),
    official="torchvision.datasets.CIFAR10",
    licence="none stated; its authors ask to be cited",
    citation="Krizhevsky: Learning Multiple Layers of Features from Tiny Images. 2009",
)


def _read(split: str, folder: Path) -> RawSplit:
    """Return the rows of torchvision's CIFAR10."""
    from torchvision import datasets

    photos = datasets.CIFAR10(**torchvision_options(split, folder))
    images = np.ascontiguousarray(photos.data.transpose(0, 3, 1, 2))
    return RawSplit(images, np.asarray(photos.targets, dtype=np.int64))


DATASET = Dataset(
    CARD,
    read=_read,
    generate=partial(generate, "cifar10"),
    source="",
    training=Training(max_lr=2e-3, epochs=8, chaosnet_epochs=10, chaosnet_accumulation=2, weight_decay=5e-4),
)
