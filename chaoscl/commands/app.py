"""The ``chaoscl`` command: its verbs."""

import sys
from functools import partial
from typing import Any

import typer
import typer.core

from chaoscl.cli import run_app
from chaoscl.commands.compare import compare
from chaoscl.commands.cortex import plot_cortex
from chaoscl.commands.doctor import doctor
from chaoscl.commands.look import info, list_names
from chaoscl.commands.parameters import parameters
from chaoscl.commands.prepare import prepare_data
from chaoscl.commands.ranks import ranks
from chaoscl.commands.report import plot, report
from chaoscl.commands.reproduce import reproduce
from chaoscl.commands.run import run
from chaoscl.commands.test import check_parts
from chaoscl.commands.tune import tune
from chaoscl.commands.verify import verify
from chaoscl.commands.wandb_sync import sync

FOLDERS = "folders"
"""The command of ``chaoscl plot`` where another word than a command's name follows."""


class FoldersByDefault(typer.core.TyperGroup):
    """Takes ``chaoscl plot FOLDER`` for ``chaoscl plot folders FOLDER``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the first word names, or the one for folders."""
        return super().resolve_command(ctx, args if args[0] in self.commands else [FOLDERS, *args])


def build_app() -> typer.Typer:
    """Return the application, with all of its verbs."""
    plain = partial(typer.Typer, rich_markup_mode=None, pretty_exceptions_enable=False)
    app = plain(name="chaoscl", help="Continual learning over text and image tasks.")
    app.command("run")(run)
    app.command("list")(list_names)
    app.command("info")(info)
    app.command("prepare")(prepare_data)
    app.command("test")(check_parts)
    app.command("tune")(tune)
    app.command("ranks")(ranks)
    app.command("reproduce")(reproduce)
    app.command("parameters")(parameters)
    plots = plain(help="Figures of results folders, or of a cortex.", cls=FoldersByDefault)
    plots.command(FOLDERS)(plot)
    plots.command("cortex")(plot_cortex)
    app.add_typer(plots, name="plot")
    app.command("report")(report)
    app.command("compare")(compare)
    app.command("verify")(verify)
    app.command("doctor")(doctor)
    wandb = plain(help="Weights & Biases.")
    wandb.command("sync")(sync)
    app.add_typer(wandb, name="wandb")
    return app


def main() -> None:
    """Run the command and end the process with its exit status."""
    sys.exit(run_app(build_app()))
