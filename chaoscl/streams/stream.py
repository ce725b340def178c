"""Tasks and streams: what is learned, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chaoscl.data import card
from chaoscl.errors import UserError


@dataclass(frozen=True)
class Task:
    """One task of a stream.

    Attributes:
        name: unique within the stream; the column of the retention matrix.
        dataset: name of its data-set card.
        classes: the data set's labels that belong to the task, in the order of their new labels; empty means all.
            Each is one of the data set's and is given once.
    """

    name: str
    dataset: str
    classes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        own = range(len(card(self.dataset).classes))
        wrong = sorted({label for label in self.classes if label not in own or self.classes.count(label) > 1})
        if wrong:
            raise UserError(
                f"task '{self.name}': classes {', '.join(map(str, wrong))} of {self.dataset} are given more than once"
                f" or lie outside 0..{own[-1]}"
            )

    @property
    def labels(self) -> tuple[int, ...]:
        """The data set's own labels that the task holds."""
        return self.classes or tuple(range(len(card(self.dataset).classes)))

    @property
    def modality(self) -> str:
        """``text`` or ``image``."""
        return card(self.dataset).modality


@dataclass(frozen=True)
class Stream:
    """Tasks in the order in which they are learned.

    Attributes:
        name: the name used in commands, folders and tables.
        tasks: at least one; names are unique.
        summary: one line for lists.
        version: raised whenever a stream of this name changes, so that old results are not mixed with new ones.
    """

    name: str
    tasks: tuple[Task, ...]
    summary: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        names = [task.name for task in self.tasks]
        if not names:
            raise UserError(f"stream '{self.name}' has no task")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UserError(f"stream '{self.name}' names {', '.join(twice)} more than once; give each task once")

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets of the stream, by first appearance."""
        return tuple(dict.fromkeys(task.dataset for task in self.tasks))

    def reversed(self) -> "Stream":
        """Return the same tasks in the opposite order."""
        return replace(self, name=f"{self.name}-reversed", tasks=self.tasks[::-1])


def whole(*datasets: str) -> tuple[Task, ...]:
    """Return one task for each data set, holding all of its classes."""
    return tuple(Task(card(name).name, name) for name in datasets)


def label_ranges(tasks: Sequence[Task]) -> tuple[range, ...]:
    """Return each task's global labels: 0 .. C-1 over the stream, one contiguous block a task."""
    ranges, start = [], 0
    for task in tasks:
        ranges.append(range(start, start + len(task.labels)))
        start = ranges[-1].stop
    return tuple(ranges)
