"""How long a user waits: for the help, for the list, and for the first batches of training."""

import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from chaoscl.data import DATASETS
from chaoscl.errors import UserError
from chaoscl.runs.training import PROGRESS_EVERY
from timing.measure import ROOT, Goal, Measured, Step, run_python, take_turns
from timing.setup import generated_bank

PROGRAM = ROOT / "benchmarks" / "run.py"
HELP, LIST, FIRST_STEP = Goal("at most", 1.0), Goal("at most", 2.0), Goal("at most", 10.0)

# The program itself, until its display of progress is told of the first batches.
_UNTIL_TRAINING = """
import os, runpy, sys
sys.argv = sys.argv[1:]
from chaoscl.reports.progress import SweepProgress

def stop_at_first(self, event):
    if event.state == "working":
        print("training", flush=True)
        os._exit(0)

SweepProgress.on_event = stop_at_first
runpy.run_path(sys.argv[0], run_name="__main__")
"""
_QUICK = "--data embedded --stream mnist --model chaos256 --recipe quick --baselines naive --seeds 1 --jobs 1"


def measure(rounds: int) -> list[Measured]:
    """Return the seconds from launching ``benchmarks/run.py`` to its help, its list and its first batches.

    Raises:
        UserError: the program fails, or ends without training.
    """
    generated_bank(DATASETS["mnist"])
    with TemporaryDirectory() as folder:
        steps: dict[str, Step] = {
            "--help": partial(run_python, str(PROGRAM), "--help"),
            "--list": partial(run_python, str(PROGRAM), "--list"),
            "training": partial(train_first, Path(folder)),
        }
        times = take_turns(steps, rounds, warm_up=1)
    first = f"benchmarks/run.py until {PROGRESS_EVERY} batches are trained, data prepared before"
    return [
        Measured("benchmarks/run.py --help", times["--help"], "s", goal=HELP),
        Measured("benchmarks/run.py --list", times["--list"], "s", goal=LIST),
        Measured(first, times["training"], "s", goal=FIRST_STEP),
    ]


def train_first(folder: Path) -> None:
    """Run one seed of naive on generated digits, and stop when its first batches are trained.

    Raises:
        UserError: it ends before.
    """
    out = folder / str(time.perf_counter_ns())
    said = run_python("-c", _UNTIL_TRAINING, str(PROGRAM), *_QUICK.split(), "--out", str(out))
    if not said.endswith("training\n"):
        raise UserError("benchmarks/run.py ends without training")
