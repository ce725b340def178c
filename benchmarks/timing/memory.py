"""How much memory a run takes, and whether a worker that has read the whole bank holds any of it for itself.

Pages of the bank that were read count as resident although the system can drop them at any time and all workers share
them. The generated data is small, so the peak is also given with every page of the official releases added to it.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from chaoscl.data import Bank, Card
from chaoscl.errors import UserError
from timing.measure import Goal, Measured, run_python
from timing.setup import stream_bank

STREAM, MODEL, BASELINE = "seed-six", "chaos2k", "replay"
GIB = 1 << 30
PEAK = Goal("at most", 2.0)
NOTHING = Goal("at most", 0.0)
_MAPS = Path("/proc/self/smaps")
# As a sweep's worker does, Avalanche is imported by check_together.
_ALONE = "from chaoscl.compat import check_together; check_together(); from timing import memory, setup; print({})"


def measure(rounds: int) -> list[Measured]:
    """Return a run's peak and what a worker has of the bank to itself, each in a process of its own; one round.

    Raises:
        UserError: the system does not say what a process holds, which Linux does.
    """
    if not _MAPS.exists():
        raise UserError("memory is measured on Linux alone: /proc/self/smaps is not there")
    bank = stream_bank(STREAM)
    peak = _alone(f"setup.run_peak({STREAM!r}, {MODEL!r}, {BASELINE!r})")
    mapped, own = (_alone(f"memory.bank_pages({STREAM!r}, {field!r})") for field in ("Rss", "Anonymous"))
    added = (official_bytes([data.card for data in bank.datasets]) - bank_bytes(bank)) / GIB
    run = f"peak resident memory of a run: {STREAM}, {MODEL}, {BASELINE}"
    return [
        Measured(f"{run}, generated data", [peak], "GiB", goal=PEAK),
        Measured(f"{run}, every page of the official data added", [peak + added], "GiB", goal=PEAK),
        Measured(f"pages of the bank in memory, {STREAM}, read whole", [mapped], "GiB"),
        Measured("of these, a worker's own instead of shared", [own], "GiB", goal=NOTHING),
    ]


def _alone(call: str) -> float:
    """Return in GiB the bytes that a call returns in a new process."""
    return int(run_python("-c", _ALONE.format(call)).split()[-1]) / GIB


def bank_pages(stream: str, field: str) -> int:
    """Return the bytes of a stream's bank under a field of smaps, when this process has read all of it.

    ``Rss`` counts what is resident, ``Anonymous`` what the process holds for itself.
    """
    bank = stream_bank(stream)
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
