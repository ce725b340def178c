"""``chaoscl tune``: search hyper-parameters, the same number of trials for every baseline."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from chaoscl.commands.options import Include, include_parts


def tune(
    stream: Annotated[str, typer.Option(help="Named stream, or data sets in order.")] = "text-image",
    model: Annotated[str, typer.Option(help="Model, also with changes: chaos2k:ticks=5.")] = "chaos2k",
    baselines: Annotated[str, typer.Option(help="Baselines, separated by commas, or all.")] = "all",
    scenario: Annotated[str, typer.Option(help="task, domain or class (incremental).")] = "task",
    recipe: Annotated[str, typer.Option(help="Training recipe.")] = "standard",
    trials: Annotated[int, typer.Option(help="For each baseline, the values of its file included.")] = 20,
    seeds: Annotated[int, typer.Option(help="Tuning seeds behind each score.")] = 1,
    tasks: Annotated[int, typer.Option(help="Tasks to tune on, from the first; all of them is an oracle.")] = 2,
    data: Annotated[str | None, typer.Option(help="official, mirror or embedded (generated).")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Mirror folder; also CHAOSCL_DATA.")] = None,
    out: Annotated[str, typer.Option(help="Results folder; by default named by the options.")] = "",
    include: Include = None,
) -> None:
    """Search on tuning seeds and validation rows only; stop it at any time, the same command goes on from there."""
    from rich.console import Console

    from chaoscl.api import prepare_data, print_data_remarks
    from chaoscl.config import RunConfig, baseline_names, build_sweep
    from chaoscl.files import storage_errors, write_atomic
    from chaoscl.reports.tables import rich_table
    from chaoscl.runs.results import data_kind
    from chaoscl.runs.tuning import FIRST_SEED, Search, search, tuning_seeds
    from chaoscl.streams import check_rows

    include_parts(include)
    config = RunConfig(
        stream=stream,
        model=(model,),
        baselines=baseline_names(baselines),
        seeds=1,
        scenario=scenario,
        recipe=recipe,
        kernel="torch",
        repetitions=1,
        data=data,
        data_dir=data_dir,
    )
    sweep = build_sweep(config)
    spec = replace(sweep.specs[0], seed=FIRST_SEED, part="validation", tasks=tasks)
    wanted = Search(spec, trials, seeds)
    remarks = Console(stderr=True)
    bank = prepare_data(sweep.stream.data.values(), sweep.source, remarks)
    check_rows(replace(sweep.stream, tasks=sweep.stream.tasks[:tasks]), bank, tuning_seeds(seeds))
    kind = data_kind(bank)
    root = Path("results") / ("embedded/tuning" if kind == "embedded" else "tuning")
    folder = (
        Path(out) if out else root / f"{sweep.stream.name}-{sweep.models[0].name}-{scenario}-{recipe}-{wanted.label}"
    )
    words = ["chaoscl", "tune", "--stream", stream, "--model", model, "--baselines", baselines]
    words += ["--scenario", scenario, "--recipe", recipe, "--trials", str(trials), "--seeds", str(seeds)]
    words += [
        "--tasks",
        str(tasks),
        *(word for place in include or () for word in ("--include", place)),
        *(["--data", "embedded"] if kind == "embedded" else []),
    ]
    with storage_errors("the search", folder, "free some space or give another folder with --out"):
        chosen = search(
            wanted, sweep.baselines, bank, folder, lambda line: remarks.print(line, highlight=False, soft_wrap=True)
        )
        write_atomic(folder / "command.txt", shlex.join(words) + "\n")
    shown = chosen[["baseline", "values", "score", "default_score", "trials"]].round(4).astype(str)
    Console().print(rich_table(shown, f"{wanted.label} on {tasks} tasks of {stream}, {kind} data"))
    print_data_remarks(bank, remarks)
    remarks.print(f"written to {folder}", soft_wrap=True, highlight=False)
