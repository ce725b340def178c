"""Print the models of the zoo with their exact parameter counts by part, for a stream.

python benchmarks/zoo.py --stream seed-three --data embedded
"""

import sys
from typing import Annotated

import typer

from chaoscl.cli import run_command


def zoo(
    stream: Annotated[str, typer.Option(help="Named stream, or data sets in order.")] = "seed-three",
    data: Annotated[str | None, typer.Option(help="official, mirror or embedded; it decides the vocabularies.")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Mirror folder; also CHAOSCL_DATA.")] = None,
    encoders: Annotated[str, typer.Option(help="An encoder for each: dataset or modality.")] = "dataset",
    image_pool: Annotated[str, typer.Option(help="Last map of the image encoder: flatten or global.")] = "flatten",
    mode: Annotated[str, typer.Option(help="Ticks of the cortex: recurrent, replica or feedback.")] = "recurrent",
) -> None:
    """Print exact parameter counts by part, the part that gets no gradient included."""
    from rich.console import Console

    from chaoscl.data import Bank, choose_source, prepare
    from chaoscl.models.zoo import check_options
    from chaoscl.reports.tables import rich_table
    from chaoscl.runs.networks import parameter_table
    from chaoscl.streams import find_stream

    options = check_options(encoders, image_pool, mode)
    tasks = find_stream(stream)
    source = choose_source(data, data_dir)
    bank = Bank([prepare(name, source) for name in tasks.datasets])
    kinds = ", ".join(dict.fromkeys(dataset.source for dataset in bank.datasets))
    Console().print(rich_table(parameter_table(tasks, bank, options), f"Parameters for {tasks.name}, {kinds} data"))


if __name__ == "__main__":
    sys.exit(run_command(zoo))
