"""Plugins that follow training: the schedule's start, the learning curves, and progress."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from avalanche.training.plugins import SupervisedPlugin
from torch import nn
from torch.nn.functional import cross_entropy

from chaoscl.runs.optimiser import RecipeAdamW
from chaoscl.runs.progress import Progress
from chaoscl.runs.recipes import Settings
from chaoscl.runs.retention import accuracies
from chaoscl.seeds import derive
from chaoscl.streams import Split, TaskData

PROGRESS_EVERY = 10
"""Batches between two reports of progress."""


class RunFailedError(Exception):
    """A run that cannot go on, such as weights that are no longer finite. It stays as a row in runs.csv."""


def not_finite(model: nn.Module) -> str | None:
    """Return the first parameter, gradient or buffer of a model that holds NaN or an infinity; None if none does."""
    named = [*model.named_parameters(), *model.named_buffers()]
    tensors = [(name, tensor.detach()) for name, tensor in named if tensor.is_floating_point()]
    tensors += [(f"the gradient of {name}", p.grad) for name, p in model.named_parameters() if p.grad is not None]
    # A sum of absolute values is finite exactly when each of them is, short of float32's overflow.
    norms = torch._foreach_norm([tensor for _, tensor in tensors], 1)
    if bool(torch.stack([norm.float() for norm in norms]).isfinite().all()):
        return None
    return next((name for name, tensor in tensors if not bool(tensor.isfinite().all())), None)


class NoMetrics(SupervisedPlugin):
    """In the place of Avalanche's evaluator: the numbers of a run are ours, so it measures nothing.

    Avalanche's own copies the experience at each of nine events a batch, even when it has nothing to measure.
    """

    def get_last_metrics(self) -> dict[str, float]:
        """Return no metrics."""
        return {}


class SchedulePlugin(SupervisedPlugin):
    """Starts the optimiser's schedule when the strategy's loader of the experience is known."""

    def __init__(self, optimizer: RecipeAdamW) -> None:
        super().__init__()
        self._optimizer = optimizer
        self.settings: Settings | None = None

    def before_training_epoch(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Begin with the first epoch: by then a replay strategy has put its own loader in place."""
        if strategy.clock.train_exp_epochs == 0:
            assert self.settings is not None
            self._optimizer.begin(self.settings, len(strategy.dataloader) * strategy.train_epochs)


class CurvePlugin(SupervisedPlugin):
    """Records loss and accuracies an epoch, reports progress, ends a run whose weights are no longer finite.

    The loss recorded is the cross-entropy of the batches, comparable over strategies: what a strategy adds to it (a
    penalty, the distance to stored logits) is left out. The running training accuracy is that of the same batches,
    while the weights change; the training accuracy is taken at the epoch's end, in evaluation mode, on a sample of the
    training rows that is as large as the validation rows and the same in every epoch, so the two can be compared.

    Args:
        seed: the run's seed, for the noise of the validation passes.
        progress: told how training goes on.
    """

    def __init__(self, seed: int, progress: Progress) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self._seed = seed
        self._progress = progress
        self._experience, self._name, self._tasks = 0, "", list[TaskData]()
        self._batches = 0

    def begin(self, experience: int, name: str, tasks: Sequence[TaskData]) -> None:
        """Say what is learned next: its number from 0, its name, and the tasks whose validation rows count."""
        self._experience, self._name, self._tasks = experience, name, list(tasks)
        self._rows = {
            "train": [training_sample(data, self._seed) for data in tasks],
            "validation": [data.validation for data in tasks],
        }

    def before_training_epoch(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Start the sums of an epoch."""
        self._loss = torch.zeros((), device=strategy.device)
        self._right = torch.zeros((), device=strategy.device)
        self._seen = 0
        self._steps = 0

    def after_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Add a batch."""
        targets = strategy.mb_y
        logits = strategy.mb_output.detach()
        self._loss += cross_entropy(logits, targets, reduction="sum")
        self._right += (logits.argmax(dim=1) == targets).sum()
        self._seen += len(targets)
        self._steps += 1
        self._batches += 1
        if self._batches == PROGRESS_EVERY:
            self._check_finite(strategy)
            self._report(strategy)

    def after_training_epoch(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Close the epoch with passes over the validation rows and as many training rows.

        Raises:
            RunFailedError: the loss, a weight or a gradient is not finite.
        """
        epoch = strategy.clock.train_exp_epochs + 1
        self._check_finite(strategy)
        self._report(strategy)
        loss = self._loss.item() / self._seen
        if not np.isfinite(loss):
            raise RunFailedError(f"the training loss is {loss} in epoch {epoch} of {self._name}")
        self.rows.append(
            {
                "experience": self._experience + 1,
                "task": self._name,
                "epoch": epoch,
                "loss": loss,
                "running_train_accuracy": self._right.item() / self._seen,
                "train_accuracy": self._accuracy(strategy.model, "train", epoch),
                "validation_accuracy": self._accuracy(strategy.model, "validation", epoch),
                "learning_rate": strategy.optimizer.param_groups[0]["lr"],
            }
        )

    def _accuracy(self, network: Any, rows: str, epoch: int) -> float:
        """Return the accuracy on the ``train`` sample or the ``validation`` rows, mean over the tasks learned."""
        shares = [
            accuracies(
                network,
                split,
                data.task_label,
                [derive(self._seed, rows, self._experience, data.task.name, epoch)],
            )
            for data, split in zip(self._tasks, self._rows[rows], strict=True)
        ]
        return float(np.mean(shares))

    def _check_finite(self, strategy: Any) -> None:
        """Raise RunFailedError if a weight, a gradient or a buffer of the model is not finite."""
        name = not_finite(strategy.model)
        if name is not None:
            epoch = strategy.clock.train_exp_epochs + 1
            raise RunFailedError(f"{name} is no longer finite by step {self._steps} of epoch {epoch} of {self._name}")

    def _report(self, strategy: Any) -> None:
        epoch = strategy.clock.train_exp_epochs + 1
        self._progress(self._batches, f"{self._name} · epoch {epoch}/{strategy.train_epochs}")
        self._batches = 0


def training_sample(data: TaskData, seed: int) -> Split:
    """Return as many training rows of a task as it has validation rows, drawn by ``training sample`` and its name."""
    draws = torch.Generator().manual_seed(derive(seed, "training sample", data.task.name))
    rows = torch.randperm(len(data.train), generator=draws)[: len(data.validation)]
    return Split(data.train.references[rows], data.train.targets[rows])
