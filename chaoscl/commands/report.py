"""``chaoscl report`` and ``chaoscl plot``: results folders as a page, figures, paper tables or a W&B report."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaoscl.commands.options import Include, include_parts

if TYPE_CHECKING:
    from chaoscl.reports.results import Results

Folders = Annotated[list[Path], typer.Argument(help="Results folders, a section each.")]


def report(
    folders: Folders,
    out: Annotated[Path, typer.Option(help="The page.")] = Path("report.html"),
    figures: Annotated[Path | None, typer.Option(help="Also write every figure there, as SVG and PNG.")] = None,
    tables: Annotated[Path | None, typer.Option(help="Also write tables there: CSV, Markdown, LaTeX.")] = None,
    wandb: Annotated[
        str | None, typer.Option(metavar="ENTITY/PROJECT", help="Publish a W&B report in this project instead.")
    ] = None,
    dry_run: Annotated[
        Path | None, typer.Option("--dry-run", metavar="FILE", help="Write its specification; no login, no network.")
    ] = None,
    include: Include = None,
) -> None:
    """Write one page that opens without a network, or publish a W&B report, from the aggregates of commands."""
    from chaoscl.errors import UserError

    include_parts(include)
    if wandb is not None:
        _publish(folders, wandb, dry_run)
        return
    if dry_run is not None:
        raise UserError("--dry-run writes the specification of a W&B report: give --wandb ENTITY/PROJECT too")
    from chaoscl.reports.page import write_page

    written = [write_page(folders, out)]
    results = _read(folders) if figures or tables else []
    if figures:
        written += _figures(results, figures)
    if tables:
        written += _tables(results, tables)
    _say(f"written: {path}" for path in written)


def plot(
    folders: Folders,
    out: Annotated[Path, typer.Option(help="Folder of the figures.")] = Path("figures"),
    include: Include = None,
) -> None:
    """Write every kind of figure that the results allow, as SVG and PNG."""
    include_parts(include)
    _say(f"written: {path}" for path in _figures(_read(folders), out))


def _publish(folders: Sequence[Path], project: str, dry_run: Path | None) -> None:
    from rich.console import Console

    from chaoscl.files import storage_errors, write_atomic
    from chaoscl.reports.wandb_report import build_report, project_of, publish, specification

    built = build_report(folders, *project_of(project))
    if dry_run is None:
        where = publish(built)
    else:
        with storage_errors("the specification", dry_run, "free some space or give another file with --dry-run"):
            write_atomic(dry_run, specification(built))
        where = str(dry_run)
    Console(stderr=True).print(f"written to {where}", soft_wrap=True, highlight=False)


def _read(folders: Sequence[Path]) -> list["Results"]:
    from chaoscl.reports.results import read_results

    return [read_results(folder) for folder in folders]


def _figures(results: Sequence["Results"], out: Path) -> list[Path]:
    from chaoscl.files import storage_errors
    from chaoscl.reports.figures import write_figures

    with storage_errors("the figures", out, "free some space or give another folder"):
        paths, left_out = write_figures(results, out)
    _say(f"not drawn: {line}" for line in left_out)
    return paths


def _tables(results: Sequence["Results"], out: Path) -> list[Path]:
    from chaoscl.files import storage_errors
    from chaoscl.reports.figures.registry import folder_names
    from chaoscl.reports.sheets import write_sheets

    written = []
    with storage_errors("the tables", out, "free some space or give another folder"):
        for name, one in zip(folder_names(results), results, strict=True):
            written += write_sheets(one, out / name)
    return written


def _say(lines: Iterable[str]) -> None:
    from rich.console import Console

    console = Console()
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False, markup=False)
