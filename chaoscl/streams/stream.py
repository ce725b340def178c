"""Tasks and streams: what is learned, and in which order."""

import itertools
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chaoscl.data import DATASETS, Card, Dataset
from chaoscl.errors import UserError
from chaoscl.registry import Origin
from chaoscl.seeds import derive

GIVEN, REVERSED = "given", "reversed"
MOST_ORDERS = 120
"""Orders that ``all`` runs at most: those of five tasks."""


@dataclass(frozen=True)
class Task:
    """One task of a stream.

    Attributes:
        name: unique within the stream; the column of the retention matrix.
        data: its data set; the name of a registered one stands for that.
        classes: the data set's labels that belong to the task, in the order of their new labels; empty means all.
            Each is one of the data set's and is given once.
        permuted: whether the pixels are seen through a permutation of the task's own, drawn from the run's seed.
    """

    name: str
    data: Dataset
    classes: tuple[int, ...] = ()
    permuted: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.data, str):
            object.__setattr__(self, "data", DATASETS[self.data])
        if self.permuted and self.modality != "image":
            raise UserError(f"task '{self.name}': only images have pixels to permute, and {self.dataset} holds texts")
        own = range(len(self.card.classes))
        wrong = sorted({label for label in self.classes if label not in own or self.classes.count(label) > 1})
        if wrong:
            raise UserError(
                f"task '{self.name}': classes {', '.join(map(str, wrong))} of {self.dataset} are given more than once"
                f" or lie outside 0..{own[-1]}"
            )

    @property
    def card(self) -> Card:
        """The card of its data set."""
        return self.data.card

    @property
    def dataset(self) -> str:
        """The name of its data set."""
        return self.data.name

    @property
    def labels(self) -> tuple[int, ...]:
        """The data set's own labels that the task holds."""
        return self.classes or tuple(range(len(self.card.classes)))

    @property
    def modality(self) -> str:
        """``text`` or ``image``."""
        return self.card.modality


@dataclass(frozen=True)
class Stream:
    """Tasks in the order in which they are learned.

    Attributes:
        name: the name used in commands, folders and tables.
        tasks: at least one; names are unique.
        summary: one line for lists.
        version: raised whenever a stream of this name changes, so that old results are not mixed with new ones.
        origin: where it was defined; set by the registry.
    """

    name: str
    tasks: tuple[Task, ...]
    summary: str = ""
    version: int = 1
    origin: Origin = field(default_factory=Origin, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tasks", tuple(self.tasks))
        names = [task.name for task in self.tasks]
        if not names:
            raise UserError(f"stream '{self.name}' has no task")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UserError(f"stream '{self.name}' names {', '.join(twice)} more than once; give each task once")

        for task in self.tasks:
            if self.data[task.dataset] != task.data:
                raise UserError(f"stream '{self.name}' holds two data sets called {task.dataset}; rename one of them")

    @property
    def datasets(self) -> tuple[str, ...]:
        """The names of the stream's data sets, by first appearance."""
        return tuple(dict.fromkeys(task.dataset for task in self.tasks))

    @property
    def data(self) -> dict[str, Dataset]:
        """The stream's data sets by name, by first appearance."""
        found: dict[str, Dataset] = {}
        for task in self.tasks:
            found.setdefault(task.dataset, task.data)
        return found

    def ordered(self, order: str, seed: int = 0) -> "Stream":
        """Return the same tasks in another order.

        Args:
            order: ``given``; ``reversed``; ``shuffle``, drawn by the run's seed under the name ``task order``; or the
                tasks' positions counted from 1, such as ``2-1-3``.
            seed: the run's.

        Raises:
            UserError: there is no such order.
        """
        if order == GIVEN:
            return self
        if order == REVERSED:
            tasks = self.tasks[::-1]
        elif order == "shuffle":
            tasks = tuple(random.Random(derive(seed, "task order")).sample(self.tasks, len(self.tasks)))
        else:
            tasks = tuple(self.tasks[position - 1] for position in self._positions(order))
        return replace(self, name=f"{self.name}-{order}", tasks=tasks)

    def _positions(self, order: str) -> list[int]:
        positions = [int(part) for part in order.split("-")] if re.fullmatch(r"\d+(-\d+)*", order) else []
        if sorted(positions) != list(range(1, len(self.tasks) + 1)):
            raise UserError(
                f"--order '{order}': give given, reversed, shuffle, all, or each of the positions 1 to"
                f" {len(self.tasks)} of {self.name} once, such as"
                f" {'-'.join(str(position) for position in range(len(self.tasks), 0, -1))}"
            )
        return positions

    def orders(self) -> tuple[str, ...]:
        """Return every order of the tasks, in the form that ``ordered`` takes.

        Raises:
            UserError: there are more than MOST_ORDERS.
        """
        every = tuple(
            "-".join(map(str, order))
            for order in itertools.islice(itertools.permutations(range(1, len(self.tasks) + 1)), MOST_ORDERS + 1)
        )
        if len(every) > MOST_ORDERS:
            raise UserError(
                f"--order all: {self.name} has {len(self.tasks)} tasks, and more than {MOST_ORDERS} orders; use"
                " --order shuffle, which draws one for each seed"
            )
        return every


def whole(*datasets: str | Dataset) -> tuple[Task, ...]:
    """Return one task for each data set, or name of one, holding all of its classes."""
    return tuple(Task(one.name, one) for one in map(_dataset, datasets))


def split(dataset: str | Dataset, sizes: Sequence[int]) -> tuple[Task, ...]:
    """Return a data set's classes as several tasks: the first ``sizes[0]`` labels, the next ``sizes[1]``, ..."""
    data = _dataset(dataset)
    bounds = [0, *itertools.accumulate(sizes)]
    return tuple(
        Task(f"{data.name}-{number}", data, tuple(range(start, stop)))
        for number, (start, stop) in enumerate(itertools.pairwise(bounds), 1)
    )


def permuted(dataset: str | Dataset, count: int) -> tuple[Task, ...]:
    """Return ``count`` tasks of all classes, each seen through a permutation of the pixels of its own."""
    data = _dataset(dataset)
    return tuple(Task(f"{data.name}-permuted-{number}", data, permuted=True) for number in range(1, count + 1))


def _dataset(given: str | Dataset) -> Dataset:
    return DATASETS[given] if isinstance(given, str) else given


def label_ranges(sizes: Sequence[int]) -> tuple[range, ...]:
    """Return contiguous blocks of global labels with these sizes, from 0."""
    bounds = [0, *itertools.accumulate(sizes)]
    return tuple(range(start, stop) for start, stop in itertools.pairwise(bounds))
