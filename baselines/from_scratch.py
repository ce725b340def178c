"""From-scratch training: the weights go back to their start before each task. Knows the last task only.

Avalanche resets parameters, not the running statistics of batch norm; training replaces those.
"""

from typing import Any

from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup) -> Any:
    """Return Avalanche's FromScratchTraining strategy; the optimiser starts each task afresh anyway."""
    from avalanche.training.supervised import FromScratchTraining

    return FromScratchTraining(reset_optimizer=False, **setup.options())


BASELINE = Baseline(
    summary="one model, reset before each task: total forgetting",
    build=build,
    source="Avalanche 0.6.0, FromScratchTraining",
    stores="the untrained weights",
)
