"""Search how long each data set is trained in the recipe ``standard``; the rule stands in chaoscl/runs/convergence.py.

python benchmarks/converge.py --datasets ag_news,mnist
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from chaoscl.cli import listed, run_command

FOLDER = "results/convergence"


def converge(
    datasets: Annotated[str, typer.Option(help="Data sets, separated by commas.")] = (
        "ag_news,imdb,mnist,emnist_letters,fashion_mnist,cifar10"
    ),
    models: Annotated[str, typer.Option(help="Models that must all have converged.")] = "chaos2k,mlp2k",
    seeds: Annotated[int, typer.Option(help="Tuning seeds behind each score.")] = 1,
    data: Annotated[str | None, typer.Option(help="official, mirror or embedded (generated).")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Mirror folder; also CHAOSCL_DATA.")] = None,
    out: Annotated[str, typer.Option(help="Results folder.")] = FOLDER,
) -> None:
    """Write trials.csv and chosen.csv; stop it at any time, the same command goes on from there."""
    from functools import partial

    from rich.console import Console

    from chaoscl.data import DATASETS, Bank, choose_source, prepare
    from chaoscl.errors import UserError
    from chaoscl.files import storage_errors
    from chaoscl.models import find_model
    from chaoscl.runs.convergence import Trials, choice_row, choose, write_choices
    from chaoscl.runs.tuning import tuning_seeds

    if seeds < 1:
        raise UserError(f"--seeds {seeds}: at least one seed is needed")
    names, both = listed(datasets), listed(models)
    for model in both:
        find_model(model)
    remarks = Console(stderr=True)
    source = choose_source(data, data_dir)
    folder = Path(out)
    with storage_errors("the search", folder, "free some space or give another folder with --out"):
        for name in names:
            trials = Trials(
                folder, Bank([prepare(DATASETS[name], source)]), lambda line: remarks.print(line, highlight=False)
            )
            choice = choose(both, tuning_seeds(seeds), partial(trials.score, name))
            write_choices(folder, [choice_row(name, both, seeds, choice)])
            remarks.print(f"{name}: max_lr {choice.max_lr:g}, {choice.epochs} epochs", highlight=False)


if __name__ == "__main__":
    sys.exit(run_command(converge))
