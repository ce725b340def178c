"""``chaoscl compare``: two results folders, baseline by baseline, paired over seeds and task orders."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def compare(
    first: Annotated[Path, typer.Argument(help="Results folder that is compared with.")],
    second: Annotated[Path, typer.Argument(help="Results folder on the same stream, scenario and data.")],
    metric: Annotated[str, typer.Option(help="Metric of the table.")] = "average_accuracy",
    as_json: Annotated[bool, typer.Option("--json", help="All metrics and statistics, as JSON.")] = False,
) -> None:
    """Compare two results folders over the baselines and seeds they share: SECOND minus FIRST, paired."""
    from rich.console import Console

    from chaoscl.errors import UserError, unknown
    from chaoscl.evaluation.comparison import COMPARED, between_frame
    from chaoscl.evaluation.matrices import read_records
    from chaoscl.evaluation.metrics import METRICS
    from chaoscl.reports.tables import comparison_table, rich_table

    if metric not in COMPARED:
        raise unknown("metric", metric, COMPARED)
    try:
        frame = between_frame(read_records(first), read_records(second))
    except ValueError as error:
        raise UserError(
            f"{first} and {second} cannot be compared: {error}; give two results folders on one stream and data"
        ) from error
    if as_json:
        sys.stdout.write(frame.to_json(orient="records", indent=1) + "\n")
        return
    title = f"{METRICS[metric].title}, percentage points: {second} minus {first}, paired"
    Console().print(rich_table(comparison_table(frame, metric), title))
