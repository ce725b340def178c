"""Run every baseline in every scenario on a stream of generated data, and print what became of each.

python benchmarks/grid.py
"""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from chaoscl.cli import listed, run_command

FOLDER = Path("results/grid")


def grid(
    stream: Annotated[str, typer.Option(help="Named stream, or data sets in order.")] = "seed-six",
    model: Annotated[str, typer.Option(help="Model of the zoo.")] = "chaos256",
    baselines: Annotated[str, typer.Option(help="Baselines, separated by commas, or all.")] = "all",
    scenarios: Annotated[str, typer.Option(help="Scenarios, separated by commas.")] = "task,class",
    recipe: Annotated[str, typer.Option(help="Training recipe.")] = "quick",
    out: Annotated[Path, typer.Option(help="Results folder; one in it for each scenario.")] = FOLDER,
    jobs: Annotated[int, typer.Option(help="Runs at a time; 0 means one for each core.")] = 0,
) -> int:
    """Run the grid with one seed on embedded data; print average accuracies, and fail if a run failed."""
    import pandas as pd
    from rich.console import Console

    from chaoscl.evaluation import schema
    from chaoscl.files import write_atomic
    from chaoscl.main_job import Request, baseline_names, run_request
    from chaoscl.reports.estimates import percent
    from chaoscl.reports.tables import rich_table
    from chaoscl.streams import check_scenario

    columns: dict[str, dict[str, str]] = {}
    failed = 0
    for scenario in [check_scenario(name) for name in listed(scenarios)]:
        request = Request(
            stream=stream,
            model=model,
            baselines=baseline_names(baselines),
            seeds=1,
            scenario=scenario,
            recipe=recipe,
            data="embedded",
            # The same numbers whatever is installed.
            kernel="torch",
            out=str(out / scenario),
            jobs=jobs or os.cpu_count() or 1,
        )
        frames, failures = run_request(request)
        failed += len(failures)
        summary = frames[schema.SUMMARY.name]
        means = summary[summary["metric"] == "average_accuracy"].set_index("baseline")["mean"]
        columns[scenario] = {
            run.baseline: run.message or percent(means[run.baseline], float("nan"))
            for run in frames[schema.RUNS.name].itertuples()
        }
    table = pd.DataFrame(columns).rename_axis("baseline").reset_index()
    words = ["python", "benchmarks/grid.py", "--stream", stream, "--model", model, "--baselines", baselines]
    words += ["--scenarios", scenarios, "--recipe", recipe]
    write_atomic(out / "command.txt", shlex.join(words) + "\n")
    Console().print(rich_table(table, f"{stream}, {model}, {recipe} recipe, EMBEDDED data: average accuracy, percent"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run_command(grid))
