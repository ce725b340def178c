"""Paired timing: alternatives take turns, so that what slows the machine slows all of them, and ratios stay."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

Direction = Literal["at least", "at most"]
Step = Callable[[], object]


@dataclass(frozen=True)
class Goal:
    """What a measured value should reach."""

    direction: Direction
    value: float

    def met(self, measured: float) -> bool:
        """Say whether a value reaches the goal."""
        return measured >= self.value if self.direction == "at least" else measured <= self.value


@dataclass(frozen=True)
class Measured:
    """One measured value.

    Attributes:
        part: ``cortex``, ``encoder``, ``feeding``, ``start-up``, ``memory`` or ``growth``.
        case: what was measured, in words; unique within its part.
        value: the median.
        low: first quartile over the rounds; as value if there was one round.
        high: third quartile.
        unit: such as ``times as fast``, ``s``, ``ms``, ``images/s``, ``GiB``.
        against: what a ratio is relative to; empty for an absolute value.
        rounds: how many measurements stand behind it.
        goal: what it should reach, if there is a goal.
    """

    part: str
    case: str
    value: float
    low: float
    high: float
    unit: str
    against: str = ""
    rounds: int = 1
    goal: Goal | None = None


def take_turns(steps: Mapping[str, Step], rounds: int, warm_up: int = 2, repeats: int = 1) -> dict[str, list[float]]:
    """Return the seconds of each step in each round; warm-up rounds are dropped.

    Args:
        steps: what is timed, by name; in a round each has one turn.
        rounds: that count.
        warm_up: rounds before those.
        repeats: times that a step runs in its turn, of which the mean counts: for steps so short that the first run
            would mostly measure how the others left the caches.
    """
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(warm_up + rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(repeats):
                step()
            times[name].append((time.perf_counter() - start) / repeats)
    return {name: values[warm_up:] for name, values in times.items()}


def summary(
    part: str, case: str, values: list[float], unit: str, *, against: str = "", goal: Goal | None = None
) -> Measured:
    """Return the median and quartiles of values as one measured value."""
    low, high = (float(value) for value in np.quantile(values, (0.25, 0.75)))
    return Measured(part, case, statistics.median(values), low, high, unit, against, len(values), goal)


def ratio(
    part: str, case: str, slow: list[float], fast: list[float], *, against: str, goal: Goal | None = None
) -> Measured:
    """Return how many times as fast ``fast`` is as ``slow``, by paired rounds."""
    pairs = [a / b for a, b in zip(slow, fast, strict=True)]
    return summary(part, case, pairs, "times as fast", against=against, goal=goal)
