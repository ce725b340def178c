"""Time the main job of this checkout against another one, such as an earlier version, side by side.

python benchmarks/timing/compare_versions.py ../chaoscl-earlier
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import pandas as pd
import typer

from chaoscl.cli import BASELINES, listed, run_command
from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.table import Column, Table
from chaoscl.files import write_atomic

HERE = Path(__file__).resolve().parents[2]
FILE = Path("results/speed/against.csv")

VERSIONS = Table(
    "against.csv",
    "The main job of an earlier version and of this one, run side by side, one line a baseline",
    (
        Column("baseline", "str", "", "name of the continual-learning strategy"),
        Column("precision", "str", "", "of the encoders in this version; the earlier one computed in float32"),
        Column("seeds", "int", "seeds", "seeds that were run"),
        Column("commit", "str", "", "of the earlier version"),
        Column("seconds_earlier", "float", "s", "of the whole command, start-up included"),
        Column("seconds_now", "float", "s", "of the same command in this version"),
        Column("times_as_fast", "float", "", "earlier over now"),
        Column("accuracy_earlier", "float", "fraction", "average accuracy at the end, mean over the seeds"),
        Column("accuracy_now", "float", "fraction", "average accuracy at the end, mean over the seeds"),
    ),
)


def compare_versions(
    checkout: Annotated[Path, typer.Argument(help="Another checkout of this project, at the version to compare with.")],
    stream: Annotated[str, typer.Option(help="Named stream.")] = "text-image",
    model: Annotated[str, typer.Option(help="Model of the zoo.")] = "chaos2k",
    baselines: Annotated[str, typer.Option(help="Baselines, separated by commas.")] = BASELINES,
    seeds: Annotated[int, typer.Option(help="Number of seeds: 0, 1, ...")] = 1,
    recipe: Annotated[str, typer.Option(help="Training recipe.")] = "standard",
    data: Annotated[str, typer.Option(help="Where data comes from, as in run.py; empty for its default.")] = "",
    precision: Annotated[str, typer.Option(help="Numeric precision of the encoders in this checkout.")] = "float32",
    out: Annotated[Path, typer.Option(help="Where the table is written.")] = FILE,
) -> None:
    """Run each baseline in both checkouts at the same time, one core each, and write what both took and reached."""
    from rich.console import Console

    from chaoscl.reports.tables import rich_table

    if not (checkout / "benchmarks" / "run.py").is_file():
        raise UserError(f"{checkout} is no checkout of this project: it has no benchmarks/run.py")
    commit = _commit(checkout)
    ours = [] if precision == "float32" else ["--precision", precision]
    rows = []
    for baseline in listed(baselines):
        words = ["--stream", stream, "--model", model, "--baselines", baseline, "--seeds", str(seeds), "--jobs", "1"]
        words += ["--recipe", recipe, *(["--data", data] if data else [])]
        with TemporaryDirectory() as scratch:
            folders = [Path(scratch) / "earlier", Path(scratch) / "now"]
            with ThreadPoolExecutor() as both:
                earlier, now = both.map(_run, (checkout.resolve(), HERE), ([*words], [*words, *ours]), folders)
            reached = map(_average_accuracy, folders)
            rows.append((baseline, precision, seeds, commit, earlier, now, earlier / now, *reached))
        frame = pd.DataFrame(rows, columns=[column.name for column in VERSIONS.columns])
        write_atomic(out, schema.to_csv(frame, VERSIONS))
    Console().print(rich_table(frame.round(3).astype(str), f"{stream}, {model}, {seeds} seeds: earlier and now"))


def _commit(checkout: Path) -> str:
    words = ["git", "-C", str(checkout), "rev-parse", "--short=8", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def _run(root: Path, words: Sequence[str], out: Path) -> float:
    """Run the job in a checkout; return the seconds that it took, start-up included."""
    command = [sys.executable, str(root / "benchmarks" / "run.py"), *words, "--out", str(out)]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise UserError(f"the job failed in {root}; see above")
    return time.perf_counter() - start


def _average_accuracy(folder: Path) -> float:
    """Return the mean average accuracy of a results folder of any version."""
    summary = pd.read_csv(folder / "summary.csv")
    return float(summary.loc[summary["metric"] == "average_accuracy", "mean"].iloc[0])


def versions_table(versions: pd.DataFrame) -> pd.DataFrame:
    """Return lines of against.csv as text, with one more line for all baselines of a precision."""
    rows = []
    for precision, lines in versions.groupby("precision", sort=False):
        times = lines.set_index("baseline")[["seconds_earlier", "seconds_now"]].astype(float)
        times.loc["all of these"] = times.sum()
        rows += [
            {
                "encoders now": precision,
                "baseline": name,
                "earlier, s": f"{before:.0f}",
                "now, s": f"{now:.0f}",
                "times as fast": f"{before / now:.2f}",
            }
            for name, (before, now) in zip(times.index, times.to_numpy(), strict=True)
        ]
    return pd.DataFrame(rows)


if __name__ == "__main__":
    sys.exit(run_command(compare_versions))
