"""Naive fine-tuning: train on one task after another and do nothing against forgetting. The lower bound."""

from typing import Any

from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup) -> Any:
    """Return Avalanche's Naive strategy."""
    from avalanche.training.supervised import Naive

    return Naive(**setup.options())


BASELINE = Baseline(
    summary="fine-tuning, nothing done against forgetting (lower bound)",
    build=build,
    source="Avalanche 0.6.0, Naive",
)
