"""The retention matrix: accuracy on every task before training and after each experience."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from avalanche.training.plugins import SupervisedPlugin
from numpy.typing import NDArray
from torch import Tensor

from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.models.network import CrossModalNetwork
from chaoscl.runs.progress import Progress, silent
from chaoscl.runs.spec import EvalSplit
from chaoscl.seeds import derive
from chaoscl.streams import Split, TaskData

EVALUATION_BATCH = 512
EMBEDDING_BATCH = 32
"""Samples that go through the encoders at a time: a small batch's maps stay in the cache, at half the time of 512."""


@contextmanager
def evaluating(network: CrossModalNetwork) -> Iterator[None]:
    """Evaluate inside the block and leave no trace: modes, the global random state and the meter are as before."""
    modes = {module: module.training for module in network.modules()}
    devices = [network.device] if network.device.type == "cuda" else []
    network.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=devices), network.meter.paused():
            yield
    finally:
        for module, training in modes.items():
            module.training = training


def embeddings(network: CrossModalNetwork, split: Split) -> Tensor:
    """Return the embeddings (n, size) of all samples of a split that has rows."""
    with evaluating(network):
        return torch.cat([network.embed(part) for part in split.references.split(EMBEDDING_BATCH)])


def accuracies(
    network: CrossModalNetwork, split: Split, task_label: int, seeds: Sequence[int], embedded: Tensor | None = None
) -> NDArray[np.float64]:
    """Return the accuracy on ``split`` of one evaluation for each seed, (len(seeds),), in [0, 1]; NaN without rows.

    Leaves no trace, the network's noise included. The embeddings are computed once, since only the trunk is stochastic.

    Args:
        network: is evaluated.
        split: the rows.
        task_label: what the network is told.
        seeds: of the trunk's draws.
        embedded: the split's embeddings, if they are known.
    """
    if not len(split):
        return np.full(len(seeds), np.nan)
    embedded = embeddings(network, split) if embedded is None else embedded
    targets = split.targets.to(embedded.device)
    shares = []
    with evaluating(network):
        for seed in seeds:
            with network.noise.seeded(seed, network.device):
                torch.manual_seed(seed)
                right = 0
                for part, truth in zip(embedded.split(EVALUATION_BATCH), targets.split(EVALUATION_BATCH), strict=True):
                    answers = network.classify(part, torch.full_like(truth, task_label)).argmax(dim=1)
                    right += int((answers == truth).sum())
            shares.append(right / len(targets))
    return np.array(shares)


class _KnownEmbeddings:
    """The embeddings of each task's rows, computed anew only when a weight or statistic of the encoder has changed.

    A task leaves the encoders of other data sets alone under most strategies, and embedding is most of an evaluation.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[list[Tensor], Tensor]] = {}

    def get(self, column: int, network: CrossModalNetwork, dataset: str, split: Split) -> Tensor | None:
        """Return the embeddings (n, size) of the split in ``column``; None if it has no rows."""
        if not len(split):
            return None
        state = list(network.encoders.of(dataset).state_dict().values())
        known = self._known.get(column)
        if known is None or not all(torch.equal(old, new) for old, new in zip(known[0], state, strict=True)):
            known = ([value.clone() for value in state], embeddings(network, split))
            self._known[column] = known
        return known[1]


class RetentionPlugin(SupervisedPlugin):
    """Fills the retention matrix of any Avalanche strategy whose model is a CrossModalNetwork.

    Row 0 is taken before the first training, one row after every experience.

    Args:
        tasks: the stream's tasks.
        seed: the run's seed; the noise of each evaluation is drawn from (seed, task, repetition), not from the row,
            so a model that has not changed shows the same accuracy in the next row.
        repetitions: evaluations behind each number.
        part: the rows that are evaluated: ``test`` or, for tuning, ``validation``.
        joint: whether all tasks are trained at once, so that the only trained row is the last one.
        progress: told the average accuracy on the tasks learned so far.
    """

    def __init__(
        self,
        tasks: Sequence[TaskData],
        seed: int,
        repetitions: int,
        part: EvalSplit = "test",
        joint: bool = False,
        progress: Progress = silent,
    ) -> None:
        super().__init__()
        self._tasks = tasks
        self._part = part
        self._seed = seed
        self._joint = joint
        self._progress = progress
        self._embeddings = _KnownEmbeddings()
        self._values = np.full((len(tasks) + 1, len(tasks), repetitions), np.nan)

    @property
    def matrix(self) -> RetentionMatrix:
        """The matrix: mean and standard deviation (of the repetitions, n - 1; 0 for a single one) of each cell."""
        repetitions = self._values.shape[2]
        spread = self._values.std(axis=2, ddof=1) if repetitions > 1 else np.zeros(self._values.shape[:2])
        return RetentionMatrix(
            tasks=tuple(data.task.name for data in self._tasks),
            mean=self._values.mean(axis=2),
            sd=np.where(np.isnan(self._values[:, :, 0]), np.nan, spread),
            repetitions=repetitions,
        )

    def record(self, row: int, networks: Sequence[CrossModalNetwork]) -> None:
        """Evaluate every task, each with its own network of ``networks``, and fill a row."""
        for column, (data, network) in enumerate(zip(self._tasks, networks, strict=True)):
            seeds = [
                derive(self._seed, "evaluation", data.task.name, repetition)
                for repetition in range(self._values.shape[2])
            ]
            split = data.test if self._part == "test" else data.validation
            embedded = self._embeddings.get(column, network, data.task.dataset, split)
            self._values[row, column] = accuracies(network, split, data.task_label, seeds, embedded)
        if row:
            accuracy = float(self._values[row, :row].mean())
            self._progress(0, f"{row} of {len(self._tasks)} tasks learned", accuracy)

    def before_training(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Take row 0, once."""
        if np.isnan(self._values[0]).any():
            self.record(0, [strategy.model] * len(self._tasks))

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Take the row of the experience that has just ended."""
        row = len(self._tasks) if self._joint else strategy.clock.train_exp_counter + 1
        self.record(row, [strategy.model] * len(self._tasks))
