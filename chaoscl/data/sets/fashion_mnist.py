"""Fashion-MNIST: articles of clothing."""

from functools import partial
from pathlib import Path

from chaoscl.data.card import Card
from chaoscl.data.dataset import Dataset, Training
from chaoscl.data.official import grey_split, torchvision_options
from chaoscl.data.raw import RawSplit
from chaoscl.data.sets.stand_ins import generate

CARD = Card(
    name="fashion_mnist",
    title="Fashion-MNIST",
    modality="image",
    kind="article of clothing",
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    shape=(1, 28, 28),
    train_rows=60_000,
    test_rows=10_000,
    mean=(0.2860,),
    std=(0.3530,),
    official="torchvision.datasets.FashionMNIST",
    licence="MIT",
    citation="Xiao, Rasul, Vollgraf: Fashion-MNIST. arXiv:1708.07747, 2017",
)


def _read(split: str, folder: Path) -> RawSplit:
    """Return the rows of torchvision's FashionMNIST."""
    from torchvision import datasets

    return grey_split(datasets.FashionMNIST(**torchvision_options(split, folder)))


DATASET = Dataset(
    CARD,
    read=_read,
    generate=partial(generate, "fashion_mnist"),
    source="",
    training=Training(max_lr=2e-3, epochs=4, chaosnet_epochs=6),
)
