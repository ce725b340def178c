"""Write one self-contained HTML page from results folders; figures and paper tables too if asked.

python benchmarks/report.py results/text-image-chaos2k --out build/report.html
python benchmarks/report.py results/grid/task results/grid/class --figures build/figures --tables build/tables
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from chaoscl.cli import run_command


def report(
    folders: Annotated[list[Path], typer.Argument(help="Results folders.")],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("report.html"),
    figures: Annotated[Path | None, typer.Option(help="Also write every figure there, as SVG and PNG.")] = None,
    tables: Annotated[Path | None, typer.Option(help="Also write tables there: CSV, Markdown, LaTeX.")] = None,
) -> None:
    """Write one page that opens without a network, from the aggregates of one or more commands."""
    from rich.console import Console

    from chaoscl.data import CARDS
    from chaoscl.files import storage_errors
    from chaoscl.reports.figures import write_figures
    from chaoscl.reports.figures.registry import folder_names
    from chaoscl.reports.page import write_page
    from chaoscl.reports.results import read_results
    from chaoscl.reports.sheets import write_sheets

    console = Console()
    modalities = {name: card.modality for name, card in CARDS.items()}
    written = [write_page(folders, out, modalities)]
    several = [read_results(folder) for folder in folders] if figures or tables else []
    if figures:
        with storage_errors("the figures", figures, "free some space or give another folder with --figures"):
            paths, left_out = write_figures(several, figures, modalities)
        written += paths
        for line in left_out:
            console.print(f"not drawn: {line}", soft_wrap=True, highlight=False, markup=False)
    if tables:
        with storage_errors("the tables", tables, "free some space or give another folder with --tables"):
            for name, results in zip(folder_names(several), several, strict=True):
                written += write_sheets(results, tables / name)
    for path in written:
        console.print(f"written: {path}", soft_wrap=True, highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(run_command(report))
