"""``chaoscl report``: results folders as a report."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    folders: Annotated[list[Path], typer.Argument(help="Results folders, a section each.")],
    wandb: Annotated[str, typer.Option(metavar="ENTITY/PROJECT", help="Publish a W&B report in this project.")],
    dry_run: Annotated[
        Path | None, typer.Option("--dry-run", metavar="FILE", help="Write its specification; no login, no network.")
    ] = None,
) -> None:
    """Build the comparison report of results folders and publish it on Weights & Biases."""
    from rich.console import Console

    from chaoscl.files import storage_errors, write_atomic
    from chaoscl.reports.wandb_report import build_report, project_of, publish, specification

    built = build_report(folders, *project_of(wandb))
    if dry_run is None:
        where = publish(built)
    else:
        with storage_errors("the specification", dry_run, "free some space or give another file with --dry-run"):
            write_atomic(dry_run, specification(built))
        where = str(dry_run)
    Console(stderr=True).print(f"written to {where}", soft_wrap=True, highlight=False)
