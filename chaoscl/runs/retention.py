"""The retention matrix: accuracy on every task before training and after each experience."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from avalanche.training.plugins import SupervisedPlugin
from numpy.typing import NDArray

from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.models.network import CrossModalNetwork
from chaoscl.runs.spec import Part
from chaoscl.seeds import derive
from chaoscl.streams import Split, TaskData

EVALUATION_BATCH = 512
EMBEDDING_BATCH = 32
"""Samples that go through the encoders at a time: a small batch's maps stay in the cache, at half the time of 512."""


def accuracies(network: CrossModalNetwork, split: Split, task_label: int, seeds: Sequence[int]) -> NDArray[np.float64]:
    """Return the accuracy on ``split`` of one evaluation for each seed, (len(seeds),), in [0, 1]; NaN without rows.

    Leaves no trace: modes, the global random state and the network's noise are as before. The embeddings are computed
    once, since only the trunk is stochastic.
    """
    if not len(split):
        return np.full(len(seeds), np.nan)
    modes = {module: module.training for module in network.modules()}
    devices = [network.device] if network.device.type == "cuda" else []
    network.eval()
    with torch.no_grad(), torch.random.fork_rng(devices=devices), network.meter.paused():
        embeddings = torch.cat([network.embed(part) for part in split.references.split(EMBEDDING_BATCH)])
        targets = split.targets.to(embeddings.device)
        shares = []
        for seed in seeds:
            with network.noise.seeded(seed, network.device):
                torch.manual_seed(seed)
                right = 0
                for part, truth in zip(
                    embeddings.split(EVALUATION_BATCH), targets.split(EVALUATION_BATCH), strict=True
                ):
                    answers = network.classify(part, torch.full_like(truth, task_label)).argmax(dim=1)
                    right += int((answers == truth).sum())
            shares.append(right / len(targets))
    for module, training in modes.items():
        module.training = training
    return np.array(shares)


class RetentionPlugin(SupervisedPlugin):
    """Fills the retention matrix of any Avalanche strategy whose model is a CrossModalNetwork.

    Row 0 is taken before the first training, one row after every experience.

    Args:
        tasks: the stream's tasks.
        seed: the run's seed; the noise of each evaluation is drawn from (seed, row, task, repetition).
        repetitions: evaluations behind each number.
        part: the rows that are evaluated: ``test`` or, for tuning, ``validation``.
        joint: whether all tasks are trained at once, so that the only trained row is the last one.
    """

    def __init__(
        self, tasks: Sequence[TaskData], seed: int, repetitions: int, part: Part = "test", joint: bool = False
    ) -> None:
        super().__init__()
        self._tasks = tasks
        self._part = part
        self._seed = seed
        self._joint = joint
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
                derive(self._seed, "evaluation", row, column, repetition) for repetition in range(self._values.shape[2])
            ]
            split = data.test if self._part == "test" else data.validation
            self._values[row, column] = accuracies(network, split, data.task_label, seeds)

    def before_training(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Take row 0, once."""
        if np.isnan(self._values[0]).any():
            self.record(0, [strategy.model] * len(self._tasks))

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Take the row of the experience that has just ended."""
        row = len(self._tasks) if self._joint else strategy.clock.train_exp_counter + 1
        self.record(row, [strategy.model] * len(self._tasks))
