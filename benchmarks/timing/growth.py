"""Whether a task costs the same however many came before it: training under three methods, and evaluation.

One stream of permutations of few generated digits is learned; the cost of its last fifth of tasks is compared with
that of its first fifth, each by its median, so that the first task, which has nothing to replay, weighs little. A
method whose cost were in proportion to the tasks seen would take about nine times as long at the end as at the start.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from chaoscl.compat import quiet_avalanche
from chaoscl.runs.execute import reproducible
from chaoscl.runs.recipes import Settings
from chaoscl.runs.retention import RetentionPlugin
from chaoscl.streams import Scenario, Split, Stream, Task
from chaoscl.streams.experiences import to_avalanche
from timing.measure import Goal, Measured, summary
from timing.setup import SEED, Ground, ground, rig

PART = "growth"
LENGTHS = (5, 10, 20, 40)
TASKS = LENGTHS[-1]
FLAT = Goal("at most", 1.2)
"""A fifth more at the end: what this measures on a busy machine when nothing grows varies by about a tenth."""
MODEL = "mlp400"
SETTINGS = Settings(epochs=1, batch=64, max_lr=1e-3, rise=0.2)
TRAIN_ROWS, TEST_ROWS = 256, 256


@dataclass(frozen=True)
class Case:
    """A method whose training is timed.

    Attributes:
        baseline: its name.
        scenario: decides heads and task labels.
        permuted: whether each task permutes the pixels in its own way; else all tasks show the same digits.
        note: what to know of its growth, if it is defined to grow.
        rows: samples of a task.
        batch: samples of a batch.
        most: rounds at most.
    """

    baseline: str
    scenario: Scenario
    permuted: bool = True
    note: str = ""
    rows: int = TRAIN_ROWS
    batch: int = SETTINGS.batch
    most: int = 2

    @property
    def words(self) -> str:
        """What is timed, for tables."""
        said = f"training, {self.baseline}, {self.scenario}-incremental, {'' if self.permuted else 'not '}permuted"
        return f"{said}, {self.rows // self.batch} batches a task"


CASES = (
    Case("naive", "task"),
    Case("replay", "domain", permuted=False),
    Case("replay", "domain", permuted=False, batch=2),
    Case("replay", "domain"),
    Case("replay", "task"),
    Case("online_ewc", "task"),
    Case("ewc_batch", "task", note=" (one penalty for each earlier task: defined to grow)", rows=64, most=1),
)
"""Replay four times: alone, in many small batches, which tells what grows with a task from what grows with a batch, and
with an encoder pass for each earlier task's permutation, and with a head pass for each too."""


def measure(rounds: int) -> list[Measured]:
    """Return the seconds a task at several lengths and the growth over the stream, of methods and of evaluation.

    A round is a whole stream; there are at most two, and one where the method is defined to grow.
    """
    rows: list[Measured] = []
    with reproducible("cpu"), quiet_avalanche():
        for case in CASES:
            place = stream_of(TASKS, case.scenario, case.permuted, case.rows)
            learn(place, case.baseline, 2, case.batch)  # a warm-up
            found = [learn(place, case.baseline, TASKS, case.batch) for _ in range(min(rounds, case.most))]
            rows += described(case.words, found, case.note)
        rows += evaluation(rounds)
    return rows


def stream_of(tasks: int, scenario: Scenario, permuted: bool = True, rows: int = TRAIN_ROWS) -> Ground:
    """Return a stream of so many tasks over the same few generated digits."""
    named = tuple(Task(f"digits-{number}", "mnist", permuted=permuted) for number in range(tasks))
    place = ground(Stream(f"digits-{tasks}", named), scenario, MODEL)
    return replace(
        place,
        tasks=tuple(
            replace(
                data, train=_cut(data.train, rows), validation=_cut(data.validation, rows // 8), test=_cut(data.test)
            )
            for data in place.tasks
        ),
    )


def _cut(split: Split, rows: int = TEST_ROWS) -> Split:
    return Split(split.references[:rows], split.targets[:rows])


def learn(place: Ground, baseline: str, tasks: int, batch: int = SETTINGS.batch) -> list[float]:
    """Return the seconds that each of the first ``tasks`` tasks takes to learn, learning curves included."""
    built = rig(place, baseline, replace(SETTINGS, batch=batch), ("curves",))
    torch.manual_seed(SEED)
    seconds = []
    for number, experience in enumerate(to_avalanche(place.tasks).train_stream[:tasks]):
        built.curves.begin(number, place.tasks[number].task.name, [place.tasks[number]])
        start = time.perf_counter()
        built.strategy.train(experience, eval_streams=[])
        seconds.append(time.perf_counter() - start)
    return seconds


def described(words: str, rounds: Sequence[Sequence[float]], note: str) -> list[Measured]:
    """Return the seconds a task at each length, and the last fifth of tasks beside the first.

    Args:
        words: what was timed.
        rounds: for each round the seconds of every task.
        note: said beside the growth; with a note there is no goal.
    """
    rows = [
        summary(
            PART, f"{words}: a task, {length} tasks seen", [_typical(one[length - 5 : length]) for one in rounds], "s"
        )
        for length in LENGTHS
    ]
    fifth = TASKS // 5
    grown = [_typical(one[-fifth:]) / _typical(one[:fifth]) for one in rounds]
    return [
        *rows,
        summary(
            PART,
            f"{words}: last fifth of {TASKS} tasks{note}",
            grown,
            "times as long",
            against="the first fifth",
            goal=None if note else FLAT,
        ),
    ]


def _typical(seconds: Sequence[float]) -> float:
    return statistics.median(seconds)


def evaluation(rounds: int) -> list[Measured]:
    """Return the seconds that a row of the retention matrix takes for each of its tasks, at several lengths.

    Domain-incremental, so that the network is the same at each length.
    """
    places = {length: stream_of(length, "domain") for length in LENGTHS}
    networks = {length: place.network() for length, place in places.items()}
    plugins = {length: RetentionPlugin(place.tasks, SEED, repetitions=1) for length, place in places.items()}
    seconds: dict[int, list[float]] = {length: [] for length in LENGTHS}
    for row in range(rounds + 1):
        for length in LENGTHS:
            start = time.perf_counter()
            plugins[length].record(row, [networks[length]] * length)
            seconds[length].append((time.perf_counter() - start) / length)
    seconds = {length: values[1:] for length, values in seconds.items()}
    rows = [
        summary(PART, f"evaluation: a task, {length} in the stream", values, "s") for length, values in seconds.items()
    ]
    pairs = zip(seconds[LENGTHS[-1]], seconds[LENGTHS[0]], strict=True)
    grown = [many / few for many, few in pairs]
    words = f"evaluation: a task, {LENGTHS[-1]} in the stream"
    return [*rows, summary(PART, words, grown, "times as long", against=f"{LENGTHS[0]} in the stream", goal=FLAT)]
