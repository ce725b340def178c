"""Paired timing: alternatives take turns, so whatever slows the machine slows all of them, and ratios stay."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from chaoscl.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
Step = Callable[[], object]
Name = TypeVar("Name")


@dataclass(frozen=True)
class Goal:
    """The value that a quantity should reach."""

    direction: Literal["at least", "at most"]
    value: float

    def met(self, measured: float) -> bool:
        """Say whether a value reaches the goal."""
        return measured >= self.value if self.direction == "at least" else measured <= self.value

    def __str__(self) -> str:
        return f"{self.direction} {self.value:g}"


@dataclass(frozen=True)
class Measured:
    """A measured quantity.

    Attributes:
        case: what was measured, in words; unique within its part of the suite for each unit and ``against``.
        values: one value a round.
        unit: such as ``times as fast``, ``s``, ``ms``, ``images/s``, ``GiB``.
        against: what a ratio is relative to; empty for an absolute value.
        goal: what the median should reach, if there is a goal.
    """

    case: str
    values: Sequence[float]
    unit: str
    against: str = ""
    goal: Goal | None = None


def take_turns(steps: Mapping[Name, Step], rounds: int, warm_up: int = 2, repeats: int = 1) -> dict[Name, list[float]]:
    """Return the seconds of each step in each round, without the warm-up rounds.

    Args:
        steps: what is timed, by name; in a round each has one turn.
        rounds: rounds that count.
        warm_up: rounds before those.
        repeats: times that a step runs in its turn, of which the mean counts: for steps so short that the first run
            would mostly measure how the others left the caches.
    """
    times: dict[Name, list[float]] = {name: [] for name in steps}
    for _ in range(warm_up + rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(repeats):
                step()
            times[name].append((time.perf_counter() - start) / repeats)
    return {name: values[warm_up:] for name, values in times.items()}


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """Return the quotient of each round."""
    return [a / b for a, b in zip(numerators, denominators, strict=True)]


def scaled(values: Sequence[float], factor: float) -> list[float]:
    """Return the values in another unit."""
    return [factor * value for value in values]


def run_python(*words: str) -> str:
    """Return what a new Python process prints that is started with these words and imports this checkout.

    Raises:
        UserError: it fails.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "benchmarks")])}
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise UserError(f"python {' '.join(words)} fails: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout
