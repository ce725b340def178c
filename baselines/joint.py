"""Joint training: all tasks at once, their batches in turn. What does learning in sequence cost?

The runner puts its own loader in the place of Avalanche's: each task keeps the batches, rates and number of samples
that it has in the sequence (chaoscl.runs.joint).
"""

from typing import Any

from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup) -> Any:
    """Return Avalanche's JointTraining strategy."""
    from avalanche.training.supervised import JointTraining

    return JointTraining(**setup.options())


BASELINE = Baseline(
    summary="all tasks at once, each with the batches and rates that it has in the sequence",
    build=build,
    source="Avalanche 0.6.0, JointTraining",
    schedule="joint",
    stores="nothing, but sees all data at once",
)
