"""``chaoscl wandb sync``: upload what ``--wandb offline`` has written."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer


def sync(
    folders: Annotated[list[Path], typer.Argument(help="Results folders with runs logged by --wandb offline.")],
    project: Annotated[str | None, typer.Option(metavar="ENTITY/PROJECT", help="Where to; else your default.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be uploaded.")] = False,
) -> int:
    """Upload the runs that --wandb offline has written and that have not been uploaded."""
    from chaoscl.errors import UserError
    from chaoscl.reports.wandb_log import check_login
    from chaoscl.reports.wandb_report import project_of

    found = [path for folder in folders for path in offline_runs(folder)]
    words = []
    if project is not None:
        entity, name = project_of(project)
        words = ["--entity", entity, "--project", name]
    waiting = [path for path in found if not list(path.glob("*.synced"))]
    sys.stderr.write(f"{len(waiting)} of {len(found)} offline runs are not uploaded yet\n")
    if dry_run:
        sys.stdout.write("".join(f"{path}\n" for path in waiting))
        return 0
    if not waiting:
        return 0
    check_login("see with --dry-run what waits")
    status = subprocess.run([sys.executable, "-m", "wandb", "sync", *words, *map(str, waiting)]).returncode
    if status:
        raise UserError(f"wandb sync ended with status {status}; its lines above say why, and nothing was lost")
    return 0


def offline_runs(folder: Path) -> list[Path]:
    """Return the folders of offline runs in a results folder, the oldest first.

    Raises:
        UserError: there are none.
    """
    from chaoscl.errors import UserError

    found = sorted((folder / "wandb").glob("offline-run-*"))
    if not found:
        raise UserError(f"{folder} holds no offline runs; run its command with --wandb offline first")
    return found
