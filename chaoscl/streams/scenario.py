"""From a stream to references: splits, global labels, task labels.

Scenarios (van de Ven & Tolias 2019, arXiv:1904.07734): in ``task`` the model is told the task at test time and
answers among its classes; in ``class`` it is not told and answers among all classes of the stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from chaoscl.data import Bank, Prepared
from chaoscl.errors import UserError
from chaoscl.seeds import derive
from chaoscl.streams.stream import Stream, Task, label_ranges

Scenario = Literal["task", "class"]
VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class Split:
    """Samples of one task.

    Attributes:
        references: int64 (n, 2), (data set, row) in the bank.
        targets: int64 (n,), global labels.
    """

    references: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True)
class TaskData:
    """A task with its samples.

    Attributes:
        task: what the task is.
        task_label: what the model is told with each sample: the task's position, or 0 throughout in ``class``.
        train: nine tenths of the official training rows.
        validation: the other tenth, drawn by the seed called ``split``.
        test: the official test rows.
    """

    task: Task
    task_label: int
    train: Split
    validation: Split
    test: Split


@dataclass(frozen=True)
class Layout:
    """Which labels the model has and shows.

    Attributes:
        heads: the global labels of each head; head i answers for task i.
        visible: for each task label, the heads whose logits are shown.
    """

    heads: tuple[range, ...]
    visible: tuple[tuple[int, ...], ...]

    @property
    def classes(self) -> int:
        """Number of global labels."""
        return self.heads[-1].stop


def check_scenario(name: str) -> Scenario:
    """Return ``name`` as a scenario.

    Raises:
        UserError: there is no such scenario.
    """
    if name not in get_args(Scenario):
        raise UserError(f"unknown scenario '{name}'; there are: {', '.join(get_args(Scenario))}")
    return name  # type: ignore[return-value]


def layout(stream: Stream, scenario: Scenario) -> Layout:
    """Return the heads of a stream and what each task label shows of them."""
    heads = label_ranges(stream.tasks)
    every = tuple(range(len(heads)))
    return Layout(heads, tuple((head,) for head in every) if scenario == "task" else (every,))


def materialise(stream: Stream, scenario: Scenario, bank: Bank, seed: int) -> list[TaskData]:
    """Return the samples of every task of a stream.

    Args:
        stream: the tasks.
        scenario: decides the task labels.
        bank: holds the stream's data sets.
        seed: the run's seed; its draw called ``split`` decides which training rows are held out.
    """
    ranges = label_ranges(stream.tasks)
    return [
        _task_data(task, number if scenario == "task" else 0, labels, bank, seed)
        for number, (task, labels) in enumerate(zip(stream.tasks, ranges, strict=True))
    ]


def _task_data(task: Task, task_label: int, labels: range, bank: Bank, seed: int) -> TaskData:
    dataset = bank[task.dataset]
    training, held_out = _held_out(dataset, seed)
    tests = torch.arange(dataset.train_rows, len(dataset.labels))
    train, validation, test = (_split(task, labels, bank, rows) for rows in (training, held_out, tests))
    return TaskData(task, task_label, train, validation, test)


def _held_out(dataset: Prepared, seed: int) -> tuple[Tensor, Tensor]:
    """Return the training rows that are learned from and those held out, each in ascending order."""
    draws = torch.Generator().manual_seed(derive(seed, "split", dataset.card.name))
    order = torch.randperm(dataset.train_rows, generator=draws)
    size = round(VALIDATION_SHARE * dataset.train_rows)
    return order[size:].sort().values, order[:size].sort().values


def _split(task: Task, labels: range, bank: Bank, rows: Tensor) -> Split:
    own = bank[task.dataset].labels[rows]
    new = torch.full((max(task.labels) + 1,), -1)
    new[torch.tensor(task.labels)] = torch.tensor(labels)
    targets = torch.where(own < len(new), new[own.clamp(max=len(new) - 1)], -1)
    kept = targets >= 0
    return Split(bank.references(task.dataset, rows[kept]), targets[kept])


def joined(splits: Sequence[Split]) -> Split:
    """Return the samples of several splits, one after another."""
    return Split(torch.cat([one.references for one in splits]), torch.cat([one.targets for one in splits]))
