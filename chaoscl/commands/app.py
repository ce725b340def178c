"""The ``chaoscl`` command: its verbs."""

import sys
from functools import partial

import typer

from chaoscl.cli import run_app
from chaoscl.commands.compare import compare
from chaoscl.commands.doctor import doctor
from chaoscl.commands.look import info, list_names
from chaoscl.commands.prepare import prepare_data
from chaoscl.commands.report import plot, report
from chaoscl.commands.run import run
from chaoscl.commands.verify import verify
from chaoscl.commands.wandb_sync import sync


def build_app() -> typer.Typer:
    """Return the application, with all of its verbs."""
    plain = partial(typer.Typer, rich_markup_mode=None, pretty_exceptions_enable=False)
    app = plain(name="chaoscl", help="Continual learning over text and image tasks.")
    app.command("run")(run)
    app.command("list")(list_names)
    app.command("info")(info)
    app.command("prepare")(prepare_data)
    app.command("plot")(plot)
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
