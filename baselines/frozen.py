"""Frozen trunk: the shared core keeps its random weights; only encoders and heads learn.

With an encoder for each data set, nothing that the tasks share can change, so nothing can be forgotten. What naive
fine-tuning reaches beyond this is what training the core is worth.
"""

from typing import Any

from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup) -> Any:
    """Return Avalanche's Naive strategy over a model whose trunk is not trained."""
    from avalanche.training.supervised import Naive

    setup.model.trunk.requires_grad_(False)
    return Naive(**setup.options())


BASELINE = Baseline(
    summary="naive with the shared core frozen at its random start (control)",
    build=build,
    source="the control that ChaosNet's tables lack; Avalanche 0.6.0, Naive",
)
