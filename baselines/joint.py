"""Joint training: all tasks at once, every batch balanced over tasks. The upper bound."""

from typing import Any

from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup) -> Any:
    """Return Avalanche's JointTraining strategy."""
    from avalanche.training.supervised import JointTraining

    return JointTraining(**setup.options())


BASELINE = Baseline(
    summary="all tasks at once (upper bound); smaller tasks are repeated to the length of the largest",
    build=build,
    source="Avalanche 0.6.0, JointTraining",
    schedule="joint",
    stores="nothing, but sees all data at once",
    cost="as many samples a step for each task, with task labels",
)
