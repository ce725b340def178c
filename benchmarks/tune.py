"""Search hyper-parameters: the same number of trials for every baseline, on tuning seeds and validation rows only.

python benchmarks/tune.py --stream seed-six --model chaos2k --baselines ewc,si,lwf --trials 20 --tasks 3
"""

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from chaoscl.cli import run_command


def tune(
    stream: Annotated[str, typer.Option(help="Named stream, or data sets in order.")] = "text-image",
    model: Annotated[str, typer.Option(help="Model of the zoo.")] = "chaos2k",
    baselines: Annotated[str, typer.Option(help="Baselines, separated by commas, or all.")] = "all",
    scenario: Annotated[str, typer.Option(help="task, domain or class (incremental).")] = "task",
    recipe: Annotated[str, typer.Option(help="Training recipe.")] = "standard",
    trials: Annotated[int, typer.Option(help="For each baseline, the values of its file included.")] = 20,
    seeds: Annotated[int, typer.Option(help="Tuning seeds behind each score.")] = 1,
    tasks: Annotated[int, typer.Option(help="Tasks to tune on, from the first; all of them is an oracle.")] = 2,
    data: Annotated[str | None, typer.Option(help="official, mirror or embedded (generated).")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Mirror folder; also CHAOSCL_DATA.")] = None,
    out: Annotated[str, typer.Option(help="Results folder; by default named by the options.")] = "",
) -> None:
    """Search and write trials.csv and chosen.csv; stop it at any time, the same command goes on from there."""
    from rich.console import Console

    from chaoscl.data import Bank, choose_source, prepare
    from chaoscl.errors import UserError
    from chaoscl.files import storage_errors, write_atomic
    from chaoscl.main_job import baseline_names, print_data_remarks
    from chaoscl.models import find_model
    from chaoscl.reports.tables import rich_table
    from chaoscl.runs.baseline import load_baseline
    from chaoscl.runs.recipes import find_recipe
    from chaoscl.runs.results import data_kind
    from chaoscl.runs.spec import RunSpec
    from chaoscl.runs.tuning import FIRST_SEED, Search, search, tuning_seeds
    from chaoscl.streams import check_rows, check_scenario, find_stream

    find_model(model)
    find_recipe(recipe)
    check_scenario(scenario)
    found = {name: load_baseline(name) for name in baseline_names(baselines)}
    if not found:
        raise UserError("--baselines is empty; name at least one, such as ewc, or all")
    spec = RunSpec(
        stream=stream,
        scenario=scenario,
        model=model,
        baseline=next(iter(found)),
        seed=FIRST_SEED,
        recipe=recipe,
        repetitions=1,
        part="validation",
        tasks=tasks,
    )
    wanted = Search(spec, trials, seeds)
    source = choose_source(data, data_dir)
    named = find_stream(stream)
    bank = Bank([prepare(name, source) for name in named.datasets])
    check_rows(replace(named, tasks=named.tasks[:tasks]), bank, tuning_seeds(seeds))
    kind = data_kind(bank)
    root = Path("results") / ("embedded/tuning" if kind == "embedded" else "tuning")
    folder = Path(out) if out else root / f"{find_stream(stream).name}-{model}-{scenario}-{recipe}-{wanted.label}"
    remarks = Console(stderr=True)
    words = ["python", "benchmarks/tune.py", "--stream", stream, "--model", model, "--baselines", baselines]
    words += ["--scenario", scenario, "--recipe", recipe, "--trials", str(trials), "--seeds", str(seeds)]
    words += ["--tasks", str(tasks), *(["--data", "embedded"] if kind == "embedded" else [])]
    with storage_errors("the search", folder, "free some space or give another folder with --out"):
        chosen = search(wanted, found, bank, folder, lambda line: remarks.print(line, highlight=False, soft_wrap=True))
        write_atomic(folder / "command.txt", shlex.join(words) + "\n")
    shown = chosen[["baseline", "values", "score", "default_score", "trials"]].round(4).astype(str)
    Console().print(rich_table(shown, f"{wanted.label} on {tasks} tasks of {stream}, {kind} data"))
    print_data_remarks(bank, remarks)
    remarks.print(f"written to {folder}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    sys.exit(run_command(tune))
