"""Data-set cards: what each data set is, how large its official splits are, and how it is prepared.

A card describes the official release. What a run really saw (row counts, hashes) is in its ``data.csv``.
"""

from dataclasses import dataclass
from typing import Literal

from chaoscl.errors import UserError

Modality = Literal["text", "image"]


@dataclass(frozen=True)
class Card:
    r"""One data set.

    Attributes:
        name: the name used in streams, folders and tables.
        title: the name used in text.
        modality: ``text`` or ``image``; it decides the kind of encoder.
        kind: the task that its labels pose.
        classes: class names in label order, labels 0 .. len(classes) - 1.
        shape: of one prepared sample: (channels, height, width) for images, (tokens,) for texts.
        train_rows: rows of the official training split.
        test_rows: rows of the official test split.
        mean: of the pixels, a channel, in units of the full range 0..1 (images).
        std: of the pixels, likewise.
        vocabulary: the most entries a vocabulary may have, padding and unknown included (texts).
        min_frequency: how often a token must occur in the training split to enter the vocabulary (texts).
        tokens: ``words`` (regex ``\w+`` on lower-cased text) or ``characters`` (texts).
        official: where the official release is: a torchvision class, or a Hugging Face data set at a revision.
        licence: terms of use as its authors state them.
        citation: what to cite.
        note: what a reader of a result should know.
    """

    name: str
    title: str
    modality: Modality
    kind: str
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    train_rows: int
    test_rows: int
    official: str
    licence: str
    citation: str
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    vocabulary: int = 0
    min_frequency: int = 0
    tokens: Literal["words", "characters"] = "words"
    note: str = ""


_DIGITS = tuple("0123456789")

CARDS: dict[str, Card] = {
    card.name: card
    for card in (
        Card(
            name="ag_news",
            title="AG News",
            modality="text",
            kind="topic of a news item",
            classes=("World", "Sports", "Business", "Sci/Tech"),
            shape=(128,),
            train_rows=120_000,
            test_rows=7_600,
            vocabulary=20_000,
            min_frequency=5,
            official="fancyzhx/ag_news@eb185aade064a813bc0b7f42de02595523103ca4",
            licence="research and other non-commercial use, as its authors state",
            citation="Zhang, Zhao, LeCun: Character-level Convolutional Networks for Text Classification. NIPS 2015",
        ),
        Card(
            name="imdb",
            title="IMDB",
            modality="text",
            kind="sentiment of a film review",
            classes=("negative", "positive"),
            shape=(256,),
            train_rows=25_000,
            test_rows=25_000,
            vocabulary=30_000,
            min_frequency=5,
            official="stanfordnlp/imdb@e6281661ce1c48d982bc483cf8a173c1bbeb5d31",
            licence="none stated; the reviews were written by users of IMDb",
            citation="Maas et al.: Learning Word Vectors for Sentiment Analysis. ACL 2011",
            note="123 texts are in both official splits",
        ),
        Card(
            name="mnist",
            title="MNIST",
            modality="image",
            kind="handwritten digit",
            classes=_DIGITS,
            shape=(1, 28, 28),
            train_rows=60_000,
            test_rows=10_000,
            mean=(0.1307,),
            std=(0.3081,),
            official="torchvision.datasets.MNIST",
            licence="none stated by its authors; often given as CC BY-SA 3.0",
            citation="LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition. 1998",
        ),
        Card(
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
        ),
        Card(
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
        ),
        Card(
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
        ),
        Card(
            name="addition",
            title="One-digit addition",
            modality="text",
            kind="sum of two digits, read as characters without order",
            classes=tuple(str(total) for total in range(19)),
            shape=(5,),
            train_rows=178,
            test_rows=20,
            vocabulary=16,
            min_frequency=1,
            tokens="characters",
            official="generated: ChaosNet's failure case, the same rows from every source",
            licence="AGPL-3.0-or-later, as this project",
            citation="Likara789: ChaosNet. 2025, section Known Failure Modes",
            note="a pair and its second listing can fall on both sides of the split, as in ChaosNet's script",
        ),
    )
}


def card(name: str) -> Card:
    """Return the card called ``name``.

    Raises:
        UserError: no data set has that name.
    """
    if name not in CARDS:
        raise UserError(f"unknown data set '{name}'; there are: {', '.join(CARDS)}")
    return CARDS[name]
