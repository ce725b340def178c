"""Independent training: a model of its own for every task. The reference for intransigence; it cannot forget."""

from typing import Any

from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup) -> Any:
    """Return Avalanche's Naive strategy; the runner builds one for each task."""
    from avalanche.training.supervised import Naive

    return Naive(**setup.options())


BASELINE = Baseline(
    summary="one model a task: no sharing, no forgetting (reference for intransigence)",
    build=build,
    source="Avalanche 0.6.0, Naive, once a task",
    schedule="independent",
    stores="a model for each task",
    task_labels="at test time, to choose the model",
)
