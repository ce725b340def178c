"""Training recipes: epochs, batches, learning rates and schedule for each data set."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from chaoscl.data import Dataset
from chaoscl.errors import UserError, unknown
from chaoscl.registry import Origin, Registry


@dataclass(frozen=True)
class Settings:
    """How one task is trained.

    The learning rate is constant or follows one cycle (Smith & Topin 2018, arXiv:1708.07120; cosine form of torch's
    OneCycleLR), whose length is set in batches; the optimiser takes a step, and the cycle with it, every
    ``accumulation`` batches.

    Attributes:
        epochs: passes over the training rows.
        batch: samples in a batch.
        max_lr: the highest learning rate of the cycle, or the constant one.
        rise: share of the cycle in which the rate rises; None for a constant rate.
        weight_decay: of AdamW.
        accumulation: batches whose gradients are averaged for one step.
        clip: largest norm of the gradient; None for no limit.
        fresh: whether the optimiser starts without what it remembers of earlier tasks.
    """

    epochs: int
    batch: int
    max_lr: float
    rise: float | None
    weight_decay: float = 1e-4
    accumulation: int = 1
    clip: float | None = 1.0
    fresh: bool = True


@dataclass(frozen=True)
class Recipe:
    """A named recipe.

    Attributes:
        name: in commands.
        summary: one line for lists.
        epochs: from a data set and its number of batches in an epoch to the number of epochs.
        max_lr: from a data set to its highest learning rate.
        accumulate: whether gradients are accumulated where ChaosNet does.
        batch: samples in a batch; None for ChaosNet's 64 texts or 128 images.
        plain: whether the rate is constant, with neither weight decay nor clipping.
        fresh: whether the optimiser starts each task without what it remembers of earlier ones.
        origin: where it was defined; set by the registry.
    """

    name: str
    summary: str
    epochs: Callable[[Dataset, int], int]
    max_lr: Callable[[Dataset], float]
    accumulate: bool = False
    batch: int | None = None
    plain: bool = False
    fresh: bool = True
    origin: Origin = field(default_factory=Origin, compare=False)

    def settings(self, dataset: Dataset, rows: int) -> Settings:
        """Return how a data set with ``rows`` training rows is trained."""
        text = dataset.card.modality == "text"
        batch = self.batch or (64 if text else 128)
        accumulation = dataset.schedule.chaosnet_accumulation if self.accumulate else 1
        epochs = self.epochs(dataset, -(-rows // batch))
        max_lr = self.max_lr(dataset)
        if self.plain:
            return Settings(epochs, batch, max_lr, None, weight_decay=0.0, clip=None, fresh=self.fresh)
        return Settings(
            epochs=epochs,
            batch=batch,
            max_lr=max_lr,
            rise=0.3 if text else 0.2,
            weight_decay=dataset.schedule.weight_decay,
            accumulation=accumulation,
            fresh=self.fresh,
        )


SEARCHED = ("standard", "short")
"""Recipes whose rates and epochs come from the search of chaoscl.runs.convergence."""
SHORT_FRACTION = 4
"""Share of the epochs of ``standard``, 1 / 4, that ``short`` trains on images."""

QUICK_BATCHES = 600
"""Batches that the quick recipe aims at for each task."""


def _quick_epochs(dataset: Dataset, batches: int) -> int:
    return max(1, round(QUICK_BATCHES / batches))


def _standard_epochs(dataset: Dataset, batches: int) -> int:
    return dataset.schedule.epochs


def _short_epochs(dataset: Dataset, batches: int) -> int:
    epochs = dataset.schedule.epochs
    return math.ceil(epochs / SHORT_FRACTION) if dataset.card.modality == "image" else epochs


def _chaosnet_epochs(dataset: Dataset, batches: int) -> int:
    return dataset.schedule.chaosnet_epochs


def _converged_rate(dataset: Dataset) -> float:
    return dataset.schedule.max_lr


def _seed_rate(dataset: Dataset) -> float:
    """Return ChaosNet's rate: 1e-3 for texts, 2e-3 for images."""
    return 1e-3 if dataset.card.modality == "text" else 2e-3


def _always(rate: float) -> Callable[[Dataset], float]:
    """Return a rule that gives every data set this rate."""
    return lambda dataset: rate


def _about(total: int) -> Callable[[Dataset, int], int]:
    """Return a rule for the number of epochs that comes nearest to ``total`` batches, at least 1."""
    return lambda dataset, batches: max(1, round(total / batches))


def _own() -> Iterable[Recipe]:
    """Return the package's own recipes."""
    return (
        Recipe(
            "quick",
            "about 600 batches of 32 a task, at least one epoch, at a higher rate: a first look",
            _quick_epochs,
            _always(5e-3),
            batch=32,
        ),
        Recipe(
            "standard",
            "rate and epochs a data set, by a search: until twice the epochs gain less than 0.3 points, or 64",
            _standard_epochs,
            _converged_rate,
        ),
        Recipe(
            "short",
            "standard, a quarter of its epochs for images: for long streams",
            _short_epochs,
            _converged_rate,
        ),
        Recipe(
            "seed",
            "ChaosNet's own: 6 to 10 epochs, gradients accumulated for texts and CIFAR-10, where the cycle never ends",
            _chaosnet_epochs,
            _seed_rate,
            accumulate=True,
        ),
        Recipe(
            "online",
            "one pass in batches of 10 at a constant 1e-3: each sample of the stream is seen once",
            lambda dataset, batches: 1,
            _always(1e-3),
            batch=10,
            plain=True,
        ),
        Recipe(
            "anchor-split",
            "about 2,000 batches of 128 a task, one Adam at a constant 1e-3: as van de Ven 2019, split MNIST",
            _about(2000),
            _always(1e-3),
            batch=128,
            plain=True,
            fresh=False,
        ),
        Recipe(
            "anchor-permuted",
            "about 5,000 batches of 128 a task, one Adam at a constant 1e-4: as van de Ven 2019, permuted MNIST",
            _about(5000),
            _always(1e-4),
            batch=128,
            plain=True,
            fresh=False,
        ),
    )


RECIPES: Registry[Recipe] = Registry("recipe", Recipe, _own)


def find_recipe(text: str) -> Recipe:
    """Return a named recipe, or one with changes, such as ``standard:max_lr=0.005,epochs=8``.

    Args:
        text: a name, then ``:`` and changes separated by commas: ``max_lr`` above 0, ``epochs`` and ``batch`` whole
            numbers of at least 1. They apply to every data set.

    Raises:
        UserError: there is no such recipe, or a change is not one of these.
    """
    name, colon, changes = text.partition(":")
    recipe = replace(RECIPES[name], name=text)
    for change in changes.split(",") if colon else ():
        recipe = _changed(recipe, change, text)
    return recipe


def _changed(recipe: Recipe, change: str, text: str) -> Recipe:
    """Return the recipe with one change, ``name=value``."""
    name, _, value = change.partition("=")
    try:
        number = float(value) if name == "max_lr" else int(value)
        if not (math.isfinite(number) and number > 0):
            raise ValueError
    except ValueError as error:
        raise UserError(
            f"--recipe '{text}': '{change}' is no change; write max_lr=0.005, epochs=8 or batch=64, separated by commas"
        ) from error
    if name == "max_lr":
        return replace(recipe, max_lr=_always(number))
    if name == "epochs":
        return replace(recipe, epochs=lambda dataset, batches: int(number))
    if name == "batch":
        return replace(recipe, batch=int(number))
    raise unknown(f"change in --recipe '{text}':", name, ("max_lr", "epochs", "batch"))
