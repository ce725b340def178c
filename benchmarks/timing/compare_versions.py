"""Time the main job of this checkout against another one, such as an earlier version, side by side.

python benchmarks/timing/compare_versions.py ../chaoscl-earlier
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from chaoscl.cli import BASELINES, listed, run_command
from chaoscl.evaluation.table import Column, Table

HERE = Path(__file__).resolve().parents[2]
FILE = Path("results/speed/against.csv")

AGAINST = Table(
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
    precision: Annotated[str, typer.Option(help="Of the encoders in this checkout: float32 or bfloat16.")] = "float32",
    out: Annotated[Path, typer.Option(help="Where the table is written.")] = FILE,
) -> None:
    """Run each baseline in both checkouts at the same time, one core each, and write what both took and reached."""
    import pandas as pd
    from rich.console import Console

    from chaoscl.errors import UserError
    from chaoscl.evaluation import schema
    from chaoscl.files import write_atomic
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
            folders = {"earlier": Path(scratch) / "earlier", "now": Path(scratch) / "now"}
            commands = {"earlier": (checkout.resolve(), words), "now": (HERE, [*words, *ours])}
            seconds = _side_by_side(commands, folders)
            reached = {side: _average_accuracy(folder) for side, folder in folders.items()}
        ratio = seconds["earlier"] / seconds["now"]
        rows.append((baseline, precision, seeds, commit, *seconds.values(), ratio, *reached.values()))
        frame = pd.DataFrame(rows, columns=[column.name for column in AGAINST.columns])
        write_atomic(out, schema.to_csv(frame, AGAINST))
    Console().print(rich_table(frame.round(3).astype(str), f"{stream}, {model}, {seeds} seeds: earlier and now"))


def _commit(checkout: Path) -> str:
    words = ["git", "-C", str(checkout), "rev-parse", "--short=8", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def _side_by_side(commands: dict[str, tuple[Path, list[str]]], folders: dict[str, Path]) -> dict[str, float]:
    """Start a job in both checkouts at once and return the seconds that each took, start-up included."""
    from chaoscl.errors import UserError

    start = time.perf_counter()
    running = {}
    for side, (root, words) in commands.items():
        command = [sys.executable, str(root / "benchmarks" / "run.py"), *words, "--out", str(folders[side])]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        running[side] = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.DEVNULL)
    ended: dict[str, float] = {}
    while len(ended) < len(running):
        for side, process in running.items():
            if side not in ended and process.poll() is not None:
                ended[side] = time.perf_counter() - start
        time.sleep(0.05)
    failed = [side for side, process in running.items() if process.returncode != 0]
    if failed:
        raise UserError(f"the job failed in {', '.join(str(commands[side][0]) for side in failed)}; see above")
    return {side: ended[side] for side in commands}


def _average_accuracy(folder: Path) -> float:
    """Return the mean average accuracy of a results folder of any version."""
    import pandas as pd

    summary = pd.read_csv(folder / "summary.csv")
    return float(summary.loc[summary["metric"] == "average_accuracy", "mean"].iloc[0])


if __name__ == "__main__":
    sys.exit(run_command(compare_versions))
