"""From a stream to references: splits, global labels, task labels.

Scenarios (van de Ven & Tolias 2019, arXiv:1904.07734): in ``task`` the model is told the task at test time and
answers among its classes; in ``class`` it is not told and answers among all classes of the stream. In ``domain`` tasks
with equally many classes pose one question about several domains, such as "first or second of the pair?": they share
labels and head, and the model is told which question is asked but not which task it comes from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from chaoscl.data import Bank, Prepared, View
from chaoscl.errors import UserError
from chaoscl.seeds import derive
from chaoscl.streams.stream import Stream, Task, label_ranges

if TYPE_CHECKING:
    from torch import Tensor

Scenario = Literal["task", "domain", "class"]
SCENARIOS: tuple[str, ...] = get_args(Scenario)
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
        task_label: what the model is told with each sample: the task's position in ``task``, the number of its
            question in ``domain``, 0 throughout in ``class``.
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
        heads: the global labels of each head; one for each task, or in ``domain`` for each question.
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
    if name not in SCENARIOS:
        raise UserError(f"unknown scenario '{name}'; there are: {', '.join(SCENARIOS)}")
    return name  # type: ignore[return-value]


def layout(stream: Stream, scenario: Scenario) -> Layout:
    """Return the heads of a stream and what each task label shows of them."""
    heads = label_ranges([size for size, _ in _heads(stream, scenario)])
    every = tuple(range(len(heads)))
    return Layout(heads, (every,) if scenario == "class" else tuple((head,) for head in every))


def _heads(stream: Stream, scenario: Scenario) -> list[tuple[int, list[int]]]:
    """Return for each head how many classes it has, and the positions of the tasks that it answers for."""
    sizes = [len(task.labels) for task in stream.tasks]
    if scenario != "domain":
        return [(size, [position]) for position, size in enumerate(sizes)]
    return [(size, [at for at, one in enumerate(sizes) if one == size]) for size in dict.fromkeys(sizes)]


def views(stream: Stream, seed: int) -> list[View]:
    """Return the views of its data sets that a stream needs: one for each permuted task.

    Args:
        stream: the tasks.
        seed: the run's; each permutation is its draw called ``permutation`` and the task's name.
    """
    import torch  # not before it is needed: see chaoscl.data.bank

    made = []
    for task in stream.tasks:
        if task.permuted:
            draws = torch.Generator().manual_seed(derive(seed, "permutation", task.name))
            order = torch.randperm(math.prod(task.card.shape), generator=draws)
            made.append(View(task.name, task.dataset, order))
    return made


def materialise(stream: Stream, scenario: Scenario, bank: Bank, seed: int, train_rows: int = 0) -> list[TaskData]:
    """Return the samples of every task of a stream.

    Args:
        stream: the tasks.
        scenario: decides labels and task labels.
        bank: holds the stream's data sets and views.
        seed: the run's seed; its draw called ``split`` decides which training rows are held out.
        train_rows: most training rows of a task, see :func:`subset`; 0 for all.
    """
    ranges = label_ranges([size for size, _ in _heads(stream, scenario)])
    described = zip(stream.tasks, task_heads(stream, scenario), task_labels(stream, scenario), strict=True)
    found = [_task_data(task, label, ranges[owner], bank, seed) for task, owner, label in described]
    return [replace(data, train=subset(data.train, train_rows, seed, data.task.name)) for data in found]


def subset(split: Split, rows: int, seed: int, name: str) -> Split:
    """Return at most ``rows`` samples of a split, each class in its proportion, in the split's order.

    A class has rows * its share of the split, rounded down; what is left goes to the largest remainders, the lower
    label first of equals.

    Args:
        split: of a task.
        rows: how many; 0 for all.
        seed: the run's; the draw is called ``train rows`` and the task's name.
        name: of the task.
    """
    import torch

    if not rows or rows >= len(split):
        return split
    labels, counts = split.targets.unique(return_counts=True)
    exact = counts.double() * rows / len(split)
    quotas = exact.floor().long()
    order = (exact - quotas).argsort(descending=True, stable=True)
    quotas[order[: rows - int(quotas.sum())]] += 1
    draws = torch.Generator().manual_seed(derive(seed, "train rows", name))
    shuffled = torch.randperm(len(split), generator=draws)
    kept = []
    for label, quota in zip(labels, quotas.tolist(), strict=True):
        kept.append(shuffled[split.targets[shuffled] == label][:quota])
    chosen = torch.cat(kept).sort().values
    return Split(split.references[chosen], split.targets[chosen])


def task_labels(stream: Stream, scenario: Scenario) -> list[int]:
    """Return what the model is told with the samples of each task."""
    return [0] * len(stream.tasks) if scenario == "class" else task_heads(stream, scenario)


def task_heads(stream: Stream, scenario: Scenario) -> list[int]:
    """Return the head that answers for each task."""
    owners = {position: head for head, (_, at) in enumerate(_heads(stream, scenario)) for position in at}
    return [owners[position] for position in range(len(stream.tasks))]


def _task_data(task: Task, task_label: int, labels: range, bank: Bank, seed: int) -> TaskData:
    import torch

    dataset = bank[task.dataset]
    training, held_out = _held_out(dataset, seed)
    tests = torch.arange(dataset.train_rows, len(dataset.labels))
    train, validation, test = (_split(task, labels, bank, rows) for rows in (training, held_out, tests))
    return TaskData(task, task_label, train, validation, test)


def _held_out(dataset: Prepared, seed: int) -> tuple[Tensor, Tensor]:
    """Return the training rows that are learned from and those held out, each in ascending order."""
    import torch

    draws = torch.Generator().manual_seed(derive(seed, "split", dataset.card.name))
    order = torch.randperm(dataset.train_rows, generator=draws)
    size = round(VALIDATION_SHARE * dataset.train_rows)
    return order[size:].sort().values, order[:size].sort().values


def check_rows(stream: Stream, bank: Bank, seeds: Iterable[int]) -> None:
    """Check that each task has rows to be learned from, validated on and tested on.

    Args:
        stream: the tasks.
        bank: holds the stream's data sets.
        seeds: of the runs; each holds out validation rows of its own.

    Raises:
        UserError: a split has no row of any of a task's classes.
    """
    import torch

    splits = [split for dataset in stream.datasets for split in _labels_by_split(bank[dataset], seeds)]
    for task in stream.tasks:
        for dataset, where, labels in splits:
            if dataset == task.dataset and not torch.isin(labels, torch.tensor(task.labels)).any():
                own = ", ".join(task.card.classes[label] for label in task.labels)
                raise UserError(
                    f"task '{task.name}' has no row in {where} of {dataset}: none has one of its classes, {own}; give"
                    " data with some, or a stream without this task"
                )


def _labels_by_split(dataset: Prepared, seeds: Iterable[int]) -> Iterator[tuple[str, str, Tensor]]:
    """Yield the name of the data set, what a split of it is called, and the labels of its rows."""
    name, labels, held_in = dataset.card.name, dataset.labels, dataset.train_rows
    yield name, "the train split", labels[:held_in]
    yield name, "the test split", labels[held_in:]
    for seed in seeds:
        training, held_out = _held_out(dataset, seed)
        tenth = f"the tenth of the train split that seed {seed} holds out for validation,"
        yield name, f"what {tenth} leaves", labels[training]
        yield name, tenth, labels[held_out]


def _split(task: Task, labels: range, bank: Bank, rows: Tensor) -> Split:
    import torch

    own = bank[task.dataset].labels[rows]
    new = torch.full((max(task.labels) + 1,), -1)
    new[torch.tensor(task.labels)] = torch.tensor(labels)
    targets = torch.where(own < len(new), new[own.clamp(max=len(new) - 1)], -1)
    kept = targets >= 0
    return Split(bank.references(task.name if task.permuted else task.dataset, rows[kept]), targets[kept])


def joined(splits: Sequence[Split]) -> Split:
    """Return the samples of several splits, one after another."""
    import torch

    return Split(torch.cat([one.references for one in splits]), torch.cat([one.targets for one in splits]))
