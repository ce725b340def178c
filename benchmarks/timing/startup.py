"""How long a user waits: for the help, for the list, and for the first batches of training."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from chaoscl.data import Source, prepare
from chaoscl.errors import UserError
from chaoscl.runs.training import PROGRESS_EVERY
from timing.measure import Goal, Measured, Step, summary, take_turns

PART = "start-up"
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "benchmarks" / "run.py"
HELP, LIST, FIRST_STEP = Goal("at most", 1.0), Goal("at most", 2.0), Goal("at most", 10.0)
MOST_ROUNDS = 5

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


def measure(rounds: int) -> list[Measured]:
    """Return the seconds from launching ``benchmarks/run.py`` to its help, its list and its first batches.

    There are at most five rounds.

    Raises:
        UserError: the program is not there, or ends without training.
    """
    if not PROGRAM.exists():
        raise UserError(f"{PROGRAM} is not there: start-up is measured in a checkout of the project")
    prepare("mnist", Source("embedded"))
    with TemporaryDirectory() as folder:
        steps: dict[str, Step] = {
            "help": partial(output, [str(PROGRAM), "--help"]),
            "list": partial(output, [str(PROGRAM), "--list"]),
            "first step": partial(train_first, Path(folder)),
        }
        times = take_turns(steps, min(rounds, MOST_ROUNDS), warm_up=1)
    return [
        summary(PART, "benchmarks/run.py --help", times["help"], "s", goal=HELP),
        summary(PART, "benchmarks/run.py --list", times["list"], "s", goal=LIST),
        summary(
            PART,
            f"benchmarks/run.py until {PROGRESS_EVERY} batches are trained, data prepared before",
            times["first step"],
            "s",
            goal=FIRST_STEP,
        ),
    ]


def output(words: Sequence[str]) -> str:
    """Return what Python prints when it is started with these words; the present checkout is imported.

    Raises:
        UserError: it fails.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise UserError(f"python {' '.join(words)} fails: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


def train_first(folder: Path) -> None:
    """Run one seed of naive on generated digits, and stop when its first batches are trained.

    Raises:
        UserError: it ends before.
    """
    out = folder / str(time.perf_counter_ns())
    options = ["--data", "embedded", "--stream", "mnist", "--model", "chaos256", "--recipe", "quick"]
    options += ["--baselines", "naive", "--seeds", "1", "--jobs", "1", "--out", str(out)]
    said = output(["-c", _UNTIL_TRAINING, str(PROGRAM), *options])
    if not said.endswith("training\n"):
        raise UserError("benchmarks/run.py ends without training")
