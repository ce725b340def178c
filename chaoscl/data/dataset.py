"""Data sets: a card, how rows are read or generated, and how the data set is trained. One file each in ``sets/``."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from chaoscl.data.card import Card
from chaoscl.data.raw import RawSplit
from chaoscl.registry import Origin, Registry

GENERATED, LOCAL = "generated", "local"
"""Words of result tables for rows that are the same whatever ``--data`` says: drawn by a formula, or one's own."""


@dataclass(frozen=True)
class Training:
    """How a data set is trained by the recipes that differ between data sets.

    Attributes:
        max_lr: highest learning rate of the recipe ``standard``.
        epochs: of the recipe ``standard``.
        searched: whether both come from the search of chaoscl.runs.convergence.
        chaosnet_epochs: of the recipe ``seed``.
        chaosnet_accumulation: batches for one step in the recipe ``seed``.
        weight_decay: of AdamW.
    """

    max_lr: float
    epochs: int
    searched: bool = False
    chaosnet_epochs: int = 8
    chaosnet_accumulation: int = 1
    weight_decay: float = 1e-4


_UNSEARCHED = {
    "text": Training(max_lr=1e-2, epochs=4, chaosnet_accumulation=4),
    "image": Training(max_lr=2e-3, epochs=8),
}
"""For a data set that does not say: what the search found for both texts, and ChaosNet's rate for images."""


@dataclass(frozen=True)
class Dataset:
    """A data set that tasks can be made of.

    Attributes:
        card: what it is.
        read: from ``train`` or ``test`` and a folder for downloads to the official rows, or to one's own.
        generate: from ``train`` or ``test`` to synthetic rows of the same shape and classes; None if there are none.
        training: schedule; None for a default by modality, which ``data.csv`` says.
        version: raised whenever the rows that ``read`` returns change.
        source: word of result tables for rows that come from ``read`` whatever ``--data`` says; empty if ``--data``
            decides, as it does for the package's six, and for one without ``read``.
        name: the card's.
        origin: where it was defined; set by the registry.
    """

    card: Card
    read: Callable[[str, Path], RawSplit] | None = None
    generate: Callable[[str], RawSplit] | None = None
    training: Training | None = None
    version: str = ""
    source: str = LOCAL
    name: str = ""
    origin: Origin = field(default_factory=Origin, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.card.name)
        if self.read is None:
            object.__setattr__(self, "source", "")

    @property
    def schedule(self) -> Training:
        """How it is trained."""
        return self.training or _UNSEARCHED[self.card.modality]


def _own() -> Iterable[Dataset]:
    """Return the package's own data sets."""
    from chaoscl.data.sets import OWN

    return OWN


DATASETS: Registry[Dataset] = Registry("data set", Dataset, _own)
