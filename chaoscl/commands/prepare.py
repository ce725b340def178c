"""``chaoscl prepare``: download and prepare data ahead of a run."""

from typing import Annotated

import typer

from chaoscl.commands.options import Include, include_parts


def prepare_data(
    names: Annotated[list[str], typer.Argument(help="Streams, or data sets.")],
    data: Annotated[str | None, typer.Option(help="official, mirror or embedded (generated).")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Mirror folder; also CHAOSCL_DATA.")] = None,
    include: Include = None,
) -> None:
    """Download and prepare the data of streams or data sets, once; a later run finds it in the cache."""
    from rich.console import Console

    from chaoscl.config import dataset_lookup
    from chaoscl.data import choose_source, prepare
    from chaoscl.streams import find_stream

    include_parts(include)
    source = choose_source(data, data_dir)
    lookup = dataset_lookup(source)
    datasets = [dataset for name in names for dataset in find_stream(name, lookup).data.values()]
    datasets = list({dataset.name: dataset for dataset in datasets}.values())
    console, remarks = Console(), Console(stderr=True)
    for number, dataset in enumerate(datasets, 1):
        with remarks.status(f"{number} of {len(datasets)}: looking for {dataset.name}") as status:
            ready = prepare(dataset, source, report=status.update)
        rows = f"{ready.train_rows:,} training rows, {ready.test_rows:,} test rows"
        console.print(f"{dataset.name}: {ready.source}, {rows}, SHA-256 {ready.sha256[:12]}", highlight=False)
        console.print(f"  in {ready.folder}", highlight=False, soft_wrap=True)
        for remark in ready.remarks:
            console.print(f"  {remark}", markup=False, highlight=False, soft_wrap=True)
