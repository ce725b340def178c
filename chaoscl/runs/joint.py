"""Joint training that differs from training in sequence in the order of the batches alone.

Every batch comes from one task, and each task has the batches, their size, the rates and the weight decay that it has
when it is learned alone; only the batches of the tasks alternate. So what a task's encoder and head see is what they
see in the sequence, sample for sample, and the shared trunk is the one thing that is trained otherwise. Batches that
mix tasks, as Avalanche's loader makes them, would need one rate and one size for all.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from avalanche.benchmarks.utils.data_loader import TaskBalancedDataLoader
from avalanche.training.plugins import SupervisedPlugin

from chaoscl.runs.optimiser import RecipeAdamW
from chaoscl.runs.recipes import Settings
from chaoscl.seeds import derive


class InterleavedLoader:
    """Batches of several tasks in a drawn order; each iteration is one epoch of the joint training.

    There are as many epochs as the longest of the tasks has, and each task's batches are spread evenly over them.

    Args:
        datasets: the tasks' training samples.
        settings: batch size and epochs of each task.
        seed: the run's; the order of each epoch is its draw called ``joint order``.
        optimizer: told whose batch comes next.
    """

    def __init__(
        self, datasets: Sequence[Any], settings: Sequence[Settings], seed: int, optimizer: RecipeAdamW
    ) -> None:
        loaders = [
            TaskBalancedDataLoader(data, oversample_small_groups=True, batch_size=one.batch, shuffle=True)
            for data, one in zip(datasets, settings, strict=True)
        ]
        self.epochs = max(one.epochs for one in settings)
        self.batches = [one.epochs * len(loader) for one, loader in zip(settings, loaders, strict=True)]
        self._sources = [_repeated(loader, one.epochs) for loader, one in zip(loaders, settings, strict=True)]
        self._seed = seed
        self._optimizer = optimizer
        self._epoch = 0

    def __len__(self) -> int:
        """Batches of the coming epoch."""
        return sum(self._counts())

    def _counts(self) -> list[int]:
        """Return how many batches of each task the coming epoch has."""
        return [total * (self._epoch + 1) // self.epochs - total * self._epoch // self.epochs for total in self.batches]

    def __iter__(self) -> Iterator[Any]:
        order = np.repeat(np.arange(len(self.batches)), self._counts())
        np.random.default_rng(derive(self._seed, "joint order", self._epoch)).shuffle(order)
        self._epoch += 1
        for task in order.tolist():
            batch = next(self._sources[task])
            self._optimizer.select(task)
            yield batch


def _repeated(loader: Any, epochs: int) -> Iterator[Any]:
    """Yield the batches of a loader, ``epochs`` times over."""
    for _ in range(epochs):
        yield from loader


class JointPlugin(SupervisedPlugin):
    """Hands a joint strategy its interleaved loader.

    Args:
        settings: of each task.
        seed: the run's.
        optimizer: follows the tasks.
    """

    def __init__(self, settings: Sequence[Settings], seed: int, optimizer: RecipeAdamW) -> None:
        super().__init__()
        self._settings = settings
        self._seed = seed
        self._optimizer = optimizer
        self.experiences: Sequence[Any] = ()

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Put the loader in place and start the schedule of each task."""
        datasets = [experience.dataset.train() for experience in self.experiences]
        loader = InterleavedLoader(datasets, self._settings, self._seed, self._optimizer)
        strategy.dataloader = loader
        strategy.train_epochs = loader.epochs
        self._optimizer.begin_together(list(zip(self._settings, loader.batches, strict=True)))
