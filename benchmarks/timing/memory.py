"""How much memory a run takes, and whether a worker that has read the whole bank holds any of it for itself.

Pages of the bank that were read count as resident although the system can drop them at any time and all workers share
them. The generated data is small, so the peak is also given with every page of the official releases added to it.
"""

import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from chaoscl.data import Bank, Card
from chaoscl.errors import UserError
from chaoscl.runs.baseline import load_baseline
from chaoscl.runs.execute import execute
from chaoscl.runs.spec import RunSpec
from chaoscl.streams import find_stream
from timing.measure import Goal, Measured, summary
from timing.setup import embedded_bank

PART = "memory"
GIB = 1 << 30
PEAK = Goal("at most", 2.0)
NOTHING = Goal("at most", 0.0)
SPEC = RunSpec("seed-six", "task", "chaos2k", "replay", seed=0, recipe="short", repetitions=1)
_MAPS = Path("/proc/self/smaps")


def measure(rounds: int) -> list[Measured]:
    """Return a run's peak and what a worker has of the bank to itself, each in a process of its own; one round.

    Raises:
        UserError: the system does not say what a process holds, which Linux does.
    """
    if not _MAPS.exists():
        raise UserError("memory is measured on Linux alone: /proc/self/smaps is not there")
    bank = embedded_bank(*find_stream(SPEC.stream).datasets)
    peak = _alone("run_peak") / GIB
    added = (official_bytes([data.card for data in bank.datasets]) - bank_bytes(bank)) / GIB
    run = f"peak resident memory of a run: {SPEC.stream}, {SPEC.model}, {SPEC.baseline}"
    return [
        summary(PART, f"{run}, generated data", [peak], "GiB", goal=PEAK),
        summary(PART, f"{run}, every page of the official data added", [peak + added], "GiB", goal=PEAK),
        summary(PART, f"pages of the bank in memory, {SPEC.stream}, read whole", [_alone("mapped") / GIB], "GiB"),
        summary(PART, "of these, a worker's own instead of shared", [_alone("own") / GIB], "GiB", goal=NOTHING),
    ]


def _alone(name: str) -> int:
    """Return what a function of this module returns in a new process."""
    # As a sweep's worker does, Avalanche is imported by check_together.
    command = (
        "from chaoscl.compat import check_together; check_together(); "
        f"from timing import memory; print(memory.{name}())"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, env=environment, check=True)
    return int(done.stdout.split()[-1])


def run_peak() -> int:
    """Return the most bytes that this process holds in a run on generated data, with as few epochs as a recipe has."""
    bank = embedded_bank(*find_stream(SPEC.stream).datasets)
    return execute(SPEC, load_baseline(SPEC.baseline), bank).cost.peak_memory_bytes


def mapped() -> int:
    """Return the bytes of the bank that are resident in this process when all of it has been read."""
    return _of_the_bank("Rss")


def own() -> int:
    """Return the bytes of the bank that this process holds for itself when all of it has been read."""
    return _of_the_bank("Anonymous")


def _of_the_bank(field: str) -> int:
    bank = embedded_bank(*find_stream(SPEC.stream).datasets)
    for data in bank.datasets:
        data.inputs.sum()
    return resident(field, [data.folder / "inputs.npy" for data in bank.datasets])


def resident(field: str, files: Sequence[Path]) -> int:
    """Return the bytes that the system counts under ``field`` for these files, mapped into this process."""
    named = {str(file.resolve()) for file in files}
    total, counts = 0, False
    for line in _MAPS.read_text(encoding="utf-8").splitlines():
        words = line.split(maxsplit=5)
        if not words[0].endswith(":"):
            counts = len(words) == 6 and words[5] in named
        elif counts and words[0] == f"{field}:":
            total += int(words[1]) * 1024
    return total


def bank_bytes(bank: Bank) -> int:
    """Return the bytes of all inputs of a bank."""
    return sum(data.inputs.nbytes for data in bank.datasets)


def official_bytes(cards: Sequence[Card]) -> int:
    """Return the bytes that the prepared official releases of data sets take: a byte a pixel value, four a token."""
    return sum(
        (card.train_rows + card.test_rows) * math.prod(card.shape) * (4 if card.modality == "text" else 1)
        for card in cards
    )
