"""``chaoscl verify``: whether the aggregates of results folders follow from their matrices."""

from pathlib import Path
from typing import Annotated

import typer

from chaoscl.commands.options import Include, include_parts


def verify(
    folders: Annotated[list[Path], typer.Argument(help="Results folders.")],
    include: Include = None,
) -> int:
    """Make each aggregate of results folders anew from matrices.csv; name what differs, with exit status 1."""
    from rich.console import Console

    from chaoscl.errors import UserError
    from chaoscl.evaluation.verify import differences

    include_parts(include)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    failed = False
    for folder in folders:
        try:
            found = differences(folder)
        except ValueError as error:
            raise UserError(f"{error}; give results folders that chaoscl run has written") from error
        for difference in found:
            console.print(f"{folder}: {difference}")
        if not found:
            console.print(f"{folder}: all aggregates follow from matrices.csv")
        failed = failed or bool(found)
    return 1 if failed else 0
