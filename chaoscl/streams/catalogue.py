"""The package's own streams, and streams written as an expression."""

import re
from collections.abc import Callable, Iterable

from chaoscl.data import DATASETS, Dataset
from chaoscl.errors import UserError, unknown
from chaoscl.registry import Registry
from chaoscl.streams.stream import Stream, Task, permuted, split, whole

_PAIRS = (2,) * 5
Lookup = Callable[[str], Dataset]
GRAMMAR = "or an expression such as ag_news,cifar10 or split(mnist,5),ag_news or permuted(mnist,10)"
_CALL = re.compile(r"(split|permuted)\(([^(),]+),([\d+]+)\)(?:\[(\d+)\])?")


def _own() -> Iterable[Stream]:
    """Return the package's own streams."""
    news = split("ag_news", (2, 2))
    return (
        Stream("text-image", whole("ag_news", "mnist"), "one text task, then one image task"),
        Stream(
            "seed-three",
            whole("ag_news", "mnist", "emnist_letters"),
            "the three tasks of ChaosNet's 2K and 4K tables",
        ),
        Stream(
            "seed-six",
            whole("ag_news", "imdb", "fashion_mnist", "mnist", "cifar10", "emnist_letters"),
            "the six tasks of ChaosNet's 256 table",
        ),
        Stream("text-only", whole("ag_news", "imdb"), "topics of news, then sentiment of reviews"),
        Stream(
            "image-only",
            whole("mnist", "fashion_mnist", "emnist_letters", "cifar10"),
            "digits, clothing, letters, photographs",
        ),
        Stream("split-mnist", split("mnist", _PAIRS), "five pairs of digits (Zenke, Poole & Ganguli 2017)"),
        Stream("split-fashion", split("fashion_mnist", _PAIRS), "five pairs of articles of clothing"),
        Stream("split-cifar10", split("cifar10", _PAIRS), "five pairs of objects in photographs"),
        Stream(
            "permuted-mnist",
            tuple(Task(f"permuted-{number}", DATASETS["mnist"], permuted=True) for number in range(1, 11)),
            "ten permutations of the pixels of all digits (Goodfellow et al. 2013)",
        ),
        Stream(
            "long-12",
            (
                news[0],
                *split("mnist", (5, 5)),
                *whole("imdb"),
                *split("fashion_mnist", (5, 5)),
                news[1],
                *split("emnist_letters", (9, 9, 8)),
                *split("cifar10", (5, 5)),
            ),
            "twelve tasks over text and image, by splitting classes",
        ),
        Stream(
            "long-20",
            (
                news[0],
                *split("mnist", _PAIRS),
                *whole("imdb"),
                *split("fashion_mnist", _PAIRS),
                news[1],
                *split("emnist_letters", (13, 13)),
                *split("cifar10", _PAIRS),
            ),
            "twenty tasks over text and image, by splitting classes",
        ),
    )


STREAMS: Registry[Stream] = Registry("stream", Stream, _own)


def find_stream(text: str, lookup: Lookup = DATASETS.__getitem__) -> Stream:
    """Return a named stream, or the one that an expression describes.

    An expression is a list, separated by commas, of data sets, of ``split(DATASET,N)`` (N tasks of as many classes
    each), ``split(DATASET,13+13)`` (tasks of so many classes), ``permuted(DATASET,N)``, and of named streams, whose
    tasks are put in its place. ``[k]`` after a bracket takes only the k-th of its tasks, counted from 1.

    Args:
        text: a name or an expression.
        lookup: returns the data set that a name stands for.

    Raises:
        UserError: neither a stream nor an expression, an unknown data set, or a task that is named twice.
    """
    text = text.strip()
    if text in STREAMS:
        return STREAMS[text]
    found = [_tasks(item, text, lookup) for item in _items(text) or [text]]
    tasks = tuple(task for _, tasks in found for task in tasks)
    return Stream("+".join(name for name, _ in found), tasks, "tasks in a custom order")


def _items(text: str) -> list[str]:
    """Return the parts of an expression that commas outside brackets separate; empty ones are left out."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", text) if part.strip()]


def _tasks(item: str, text: str, lookup: Lookup) -> tuple[str, tuple[Task, ...]]:
    """Return a name for folders and the tasks of one part of an expression."""
    if item in STREAMS:
        return item, STREAMS[item].tasks
    match = _CALL.fullmatch(item.replace(" ", ""))
    if match is None:
        if "(" in item:
            raise UserError(
                f"--stream '{text}': '{item}' is not split(DATASET,N), split(DATASET,A+B+...) or permuted(DATASET,N)"
            )
        try:
            (task,) = whole(lookup(item))
        except UserError as error:
            if "unknown data set" not in str(error) or item != text:
                raise
            raise unknown("stream", item, [*STREAMS, *DATASETS], f"; {GRAMMAR}") from error
        return task.name, (task,)
    kind, name, numbers, place = match.groups()
    data = lookup(name)
    sizes = [int(number) for number in numbers.split("+") if number]
    if not sizes or 0 in sizes or (kind == "permuted" and len(sizes) > 1):
        raise UserError(f"--stream '{text}': '{item}' needs whole numbers of at least 1")
    tasks = permuted(data, sizes[0]) if kind == "permuted" else split(data, _sizes(item, sizes, data))
    label = f"{kind}-{name}-{'-'.join(map(str, sizes))}"
    if place is None:
        return label, tasks
    if not 1 <= int(place) <= len(tasks):
        raise UserError(f"--stream '{text}': '{item}' has parts 1 to {len(tasks)}")
    return f"{label}.{place}", (tasks[int(place) - 1],)


def _sizes(item: str, sizes: list[int], data: Dataset) -> list[int]:
    """Return the number of classes of each task: as given, or for a single number of tasks an equal share each."""
    classes = len(data.card.classes)
    if len(sizes) == 1:
        count = sizes[0]
        if classes % count:
            raise UserError(
                f"'{item}': the {classes} classes of {data.name} are not a multiple of {count}; give the number of"
                f" classes of each task, such as split({data.name},{classes - 1}+1)"
            )
        return [classes // count] * count
    if sum(sizes) > classes:
        raise UserError(f"'{item}': {data.name} has {classes} classes, not {sum(sizes)}")
    return sizes
