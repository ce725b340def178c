"""Cumulative training: each task is learned together with all data of earlier ones. An upper bound that sees it all."""

from typing import Any

from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup) -> Any:
    """Return Avalanche's Cumulative strategy."""
    from avalanche.training.supervised import Cumulative

    return Cumulative(**setup.options())


BASELINE = Baseline(
    summary="all data so far at each task (upper bound); smaller tasks are repeated to the length of the largest",
    build=build,
    source="Avalanche 0.6.0, Cumulative",
    stores="all data so far",
    cost="as many samples a step for each task so far",
)
