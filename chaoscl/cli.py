"""What all command lines share: a user's mistake is one line on stderr and exit status 2, never a traceback."""

import sys
from collections.abc import Callable
from typing import Any

import typer

from chaoscl.errors import UserError

# The base of typer's usage errors, whether typer uses the click package or carries its own copy.
_UsageError: Any = typer.BadParameter.__base__
BASELINES = "naive,ewc,replay,mlp,frozen,independent,joint"
"""Baselines of the main job where none are named; here, because command lines load little before they run."""
RENAMED = {
    "--mode": "--mode is part of the model now: write --model chaos2k:mode=feedback",
    "--encoders": "--encoders is part of the model now: write --model chaos2k:encoders=modality",
    "--image-pool": "--image-pool is part of the model now: write --model chaos2k:pool=global",
    "--baselines-dir": "--baselines-dir is --include now, which adds to what there is: write --include FOLDER",
}
"""What to write in the place of an option that was renamed."""
_INTERRUPTED = 130
"""Exit status after Ctrl-C, also what typer returns then."""


def listed(text: str) -> tuple[str, ...]:
    """Return the entries of a text, separated by commas; empty ones are left out."""
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


def run_command(function: Callable[..., Any]) -> int:
    """Run ``function`` as a typer command over the process's arguments and return its exit status."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(function)
    return run_app(app)


def run_app(app: typer.Typer) -> int:
    """Run a typer application over the process's arguments and return its exit status."""
    try:
        status = app(standalone_mode=False)
    except UserError as error:
        return _complain(str(error))
    except _UsageError as error:
        message = error.format_message()
        hints = [hint for option, hint in RENAMED.items() if f"No such option: {option} " in f"{message} "]
        return _complain(f"{hints[0]} ({message})" if hints else message)
    except typer.Abort:
        status = _INTERRUPTED
    if status == _INTERRUPTED:
        sys.stderr.write("stopped; finished runs are kept, the same command goes on from there\n")
    return status if isinstance(status, int) else 0


def _complain(message: str) -> int:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return 2
