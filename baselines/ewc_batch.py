"""Elastic weight consolidation as stock Avalanche has it: batch Fisher, without the 1/2.

Avalanche's importance is the squared gradient of a batch's mean loss, without the factor 1/2 of the paper. For
independent samples it is smaller than the per-sample Fisher information by about the batch size, so published lambdas
do not carry over, and no published number stands behind this one; ``ewc`` is the one that they are for.
"""

from typing import Any

from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, ewc_lambda: float) -> Any:
    """Return Avalanche's EWC strategy with one penalty for each earlier task."""
    from avalanche.training.supervised import EWC

    return EWC(ewc_lambda=ewc_lambda, mode="separate", **setup.options())


BASELINE = Baseline(
    summary="elastic weight consolidation, stock Avalanche: batch Fisher, one penalty for each earlier task",
    build=build,
    source="Kirkpatrick et al. 2017, PNAS 114(13); Avalanche 0.6.0, EWC",
    hyper={
        "ewc_lambda": HyperParameter(
            1000.0, "fixed before any result was seen, not tuned", SearchRange(1e0, 1e8), range=Range(0)
        ),
    },
    stores="weights and importances, once for each task",
    cost="a pass over the data after each task; a penalty a step, growing with the tasks",
)
