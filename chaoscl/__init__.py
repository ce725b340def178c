"""ChaosCL: continual learning over text and image tasks with a small chaotic spiking core.

The names below are the public interface; each is imported when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from chaoscl.api import run
    from chaoscl.data import Card, Dataset, Training
    from chaoscl.data.raw import RawSplit
    from chaoscl.errors import UserError
    from chaoscl.evaluation.metrics import metric
    from chaoscl.hyper import HyperParameter, Range, SearchRange
    from chaoscl.models import Encoder, EncoderSetup, Model, Trunk, TrunkSetup, find_model
    from chaoscl.registry import include
    from chaoscl.reports.figure_kind import FigureKind
    from chaoscl.runs.baseline import Baseline, Setup
    from chaoscl.runs.recipes import Recipe, find_recipe
    from chaoscl.streams import Stream, Task, find_stream, permuted, split, whole

_PLACES = {
    "chaoscl.api": ("run",),
    "chaoscl.data": ("Card", "Dataset", "Training"),
    "chaoscl.data.raw": ("RawSplit",),
    "chaoscl.errors": ("UserError",),
    "chaoscl.evaluation.metrics": ("metric",),
    "chaoscl.hyper": ("HyperParameter", "Range", "SearchRange"),
    "chaoscl.models": ("Encoder", "EncoderSetup", "Model", "Trunk", "TrunkSetup", "find_model"),
    "chaoscl.registry": ("include",),
    "chaoscl.reports.figure_kind": ("FigureKind",),
    "chaoscl.runs.baseline": ("Baseline", "Setup"),
    "chaoscl.runs.recipes": ("Recipe", "find_recipe"),
    "chaoscl.streams": ("Stream", "Task", "find_stream", "permuted", "split", "whole"),
}

__all__ = [
    "Baseline",
    "Card",
    "Dataset",
    "Encoder",
    "EncoderSetup",
    "FigureKind",
    "HyperParameter",
    "Model",
    "Range",
    "RawSplit",
    "Recipe",
    "SearchRange",
    "Setup",
    "Stream",
    "Task",
    "Training",
    "Trunk",
    "TrunkSetup",
    "UserError",
    "find_model",
    "find_recipe",
    "find_stream",
    "include",
    "metric",
    "permuted",
    "run",
    "split",
    "whole",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    for place, names in _PLACES.items():
        if name in names:
            return getattr(importlib.import_module(place), name)
    raise AttributeError(f"module 'chaoscl' has no attribute '{name}'")


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
