"""``chaoscl reproduce``: run published experiments and hold our numbers against the published ones."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from chaoscl.cli import listed

FILE = Path(__file__).parents[1] / "published" / "split-mnist.toml"
FOLDER = Path("results") / "anchors"


def chosen(given: str, known: list[str], kind: str) -> list[str]:
    """Return the names in ``given``, separated by commas, or all that are known if it is empty."""
    from chaoscl.errors import unknown

    names = list(listed(given)) or known
    for name in names:
        if name not in known:
            raise unknown(kind, name, known)
    return names


def reproduce(
    scenarios: Annotated[str, typer.Option(help="Scenarios, separated by commas; all by default.")] = "",
    methods: Annotated[str, typer.Option(help="Methods, separated by commas; all by default.")] = "",
    seeds: Annotated[int, typer.Option(help="Number of seeds: 0, 1, ...")] = 3,
    data: Annotated[str | None, typer.Option(help="official or mirror.")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Mirror folder; also CHAOSCL_DATA.")] = None,
    out: Annotated[Path, typer.Option(help="Results folder.")] = FOLDER,
    jobs: Annotated[int, typer.Option(help="Runs at a time; 0 means one for each core.")] = 0,
) -> int:
    """Run split MNIST as published, write anchors.csv, fail if a mean lies outside its band without a stated reason."""
    from rich.console import Console

    from chaoscl.api import Output, execute
    from chaoscl.config import RunConfig
    from chaoscl.errors import UserError
    from chaoscl.evaluation import schema
    from chaoscl.evaluation.anchors import ANCHORS, anchor_frame, read_anchors, unexpected
    from chaoscl.files import write_atomic
    from chaoscl.reports.anchors import anchor_table
    from chaoscl.reports.tables import rich_table

    if data == "embedded":
        raise UserError("--data embedded: published numbers are for the real MNIST; give official or mirror")
    wanted = read_anchors(FILE)
    asked = chosen(methods, list(dict.fromkeys(anchor.method for anchor in wanted.anchors)), "method")
    summaries = {}
    for scenario in chosen(scenarios, wanted.scenarios, "scenario"):
        these = [anchor for anchor in wanted.anchors if anchor.scenario == scenario and anchor.method in asked]
        folder = out / f"{wanted.stream}-{scenario}"
        status = execute(
            RunConfig(
                stream=wanted.stream,
                model=(wanted.model,),
                baselines=tuple(anchor.baseline for anchor in these),
                seeds=seeds,
                scenario=scenario,
                recipe=wanted.recipe,
                hyper=tuple(
                    f"{anchor.baseline}.{name}={value:g}" for anchor in these for name, value in anchor.hyper.items()
                ),
                repetitions=1,
                data=data,
                data_dir=data_dir,
            ),
            Output(str(folder), jobs or os.cpu_count() or 1),
        )
        if status:
            return status
        summaries[scenario] = schema.read_csv(schema.SUMMARY, folder / schema.SUMMARY.name)
    frame = anchor_frame(wanted, summaries)
    write_atomic(out / ANCHORS.name, schema.to_csv(frame, ANCHORS))
    Console().print(rich_table(anchor_table(frame), f"Anchors: {wanted.stream}, average accuracy, percent"))
    stated = frame[(frame["inside"] == "no") & (frame["miss"] != "")]
    sys.stderr.writelines(f"known miss: {row.method}, {row.scenario}: {row.miss}\n" for row in stated.itertuples())
    failures = unexpected(frame)
    sys.stderr.writelines(f"{line}\n" for line in failures)
    return 1 if failures else 0
