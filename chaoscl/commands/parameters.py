"""``chaoscl parameters``: exact parameter counts of models by part, for a stream."""

from typing import Annotated

import typer

from chaoscl.commands.options import Include, include_parts


def parameters(
    stream: Annotated[str, typer.Option(help="Named stream, or data sets in order.")] = "seed-three",
    data: Annotated[str | None, typer.Option(help="official, mirror or embedded; it decides the vocabularies.")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Mirror folder; also CHAOSCL_DATA.")] = None,
    model: Annotated[str, typer.Option(help="Models, also with changes; all by default.")] = "",
    include: Include = None,
) -> None:
    """Print exact parameter counts by part, the part that gets no gradient included."""
    from rich.console import Console

    from chaoscl.config import dataset_lookup
    from chaoscl.data import Bank, choose_source, prepare
    from chaoscl.models import MODELS, find_model, model_list
    from chaoscl.reports.tables import rich_table
    from chaoscl.runs.networks import parameter_table
    from chaoscl.streams import find_stream

    include_parts(include)
    source = choose_source(data, data_dir)
    tasks = find_stream(stream, dataset_lookup(source))
    models = [find_model(name) for name in model_list(model)] or list(MODELS.values())
    bank = Bank([prepare(dataset, source) for dataset in tasks.data.values()])
    kinds = ", ".join(dict.fromkeys(dataset.source for dataset in bank.datasets))
    Console().print(rich_table(parameter_table(tasks, bank, models), f"Parameters for {tasks.name}, {kinds} data"))
