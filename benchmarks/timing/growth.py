"""Whether a task costs the same however many came before it: training under several methods, and evaluation.

One stream of permutations of few generated digits is learned; the cost of its last fifth of tasks is compared with
that of its first fifth, each by its median, so that the first task, which has nothing to replay, weighs little. A
method whose cost were in proportion to the tasks seen would take about nine times as long at the end as at the start.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from chaoscl.compat import quiet_avalanche
from chaoscl.data import DATASETS
from chaoscl.runs.execute import reproducible
from chaoscl.runs.recipes import Settings
from chaoscl.runs.retention import RetentionPlugin
from chaoscl.streams import Scenario, Split, Stream, Task
from timing.measure import Goal, Measured, ratios, scaled, take_turns
from timing.setup import SEED, Workload, strategy_under_test, workload

LENGTHS = (5, 10, 20, 40)
TASKS = LENGTHS[-1]
FLAT = Goal("at most", 1.2)
"""A fifth more at the end: what this measures on a busy machine when nothing grows varies by about a tenth."""
MODEL = "mlp400"
ROWS, BATCH = 256, 64
MOST_ROUNDS = 2


@dataclass(frozen=True)
class Case:
    """A method whose training is timed."""

    baseline: str
    scenario: Scenario
    permuted: bool = True  # each task permutes the pixels in its own way; else all tasks show the same digits
    note: str = ""  # why its cost grows, if it is defined to grow; then there is no goal, and one round
    rows: int = ROWS  # samples of a task
    batch: int = BATCH

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
    Case("ewc_batch", "task", note=" (one penalty for each earlier task: defined to grow)", rows=64),
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
            work = permutations(TASKS, case.scenario, case.permuted, case.rows)
            learn(work, case, 2)  # a warm-up
            streams = 1 if case.note else min(rounds, MOST_ROUNDS)
            rows += training(case, [learn(work, case, TASKS) for _ in range(streams)])
        rows += evaluation(rounds)
    return rows


def permutations(tasks: int, scenario: Scenario, permuted: bool = True, rows: int = ROWS) -> Workload:
    """Return a stream of so many tasks over the same few generated digits."""
    named = tuple(Task(f"digits-{number}", DATASETS["mnist"], permuted=permuted) for number in range(tasks))
    work = workload(Stream(f"digits-{tasks}", named), scenario, MODEL)
    few = [
        replace(data, train=_cut(data.train, rows), validation=_cut(data.validation, rows // 8), test=_cut(data.test))
        for data in work.tasks
    ]
    return replace(work, tasks=few)


def _cut(split: Split, rows: int = ROWS) -> Split:
    return Split(split.references[:rows], split.targets[:rows])


def learn(work: Workload, case: Case, tasks: int) -> list[float]:
    """Return the seconds that each of the first ``tasks`` tasks takes to learn, learning curves included."""
    built = strategy_under_test(work, case.baseline, Settings(1, case.batch, 1e-3, 0.2), ["curves"])
    return [built.learn(number) for number in range(tasks)]


def training(case: Case, streams: Sequence[Sequence[float]]) -> list[Measured]:
    """Return the seconds a task at each length, and the last fifth of tasks beside the first.

    ``streams`` has for each round the seconds of every task.
    """
    rows = [
        Measured(
            f"{case.words}: a task, {length} tasks seen", [median(one[length - 5 : length]) for one in streams], "s"
        )
        for length in LENGTHS
    ]
    fifth = TASKS // 5
    grown = [median(one[-fifth:]) / median(one[:fifth]) for one in streams]
    words = f"{case.words}: last fifth of {TASKS} tasks{case.note}"
    return [*rows, Measured(words, grown, "times as long", "the first fifth", None if case.note else FLAT)]


def evaluation(rounds: int) -> list[Measured]:
    """Return the seconds that a row of the retention matrix takes for each of its tasks, at several lengths.

    Domain-incremental, so that the network is the same at each length.
    """
    steps = {}
    for length in LENGTHS:
        work = permutations(length, "domain")
        plugin = RetentionPlugin(work.tasks, SEED, repetitions=1)
        steps[length] = partial(plugin.record, 1, [work.network()] * length)
    times = {length: scaled(row, 1 / length) for length, row in take_turns(steps, rounds, warm_up=1).items()}
    rows = [Measured(f"evaluation: a task, {length} in the stream", times[length], "s") for length in LENGTHS]
    grown = ratios(times[LENGTHS[-1]], times[LENGTHS[0]])
    return [*rows, Measured(rows[-1].case, grown, "times as long", f"{LENGTHS[0]} in the stream", FLAT)]
