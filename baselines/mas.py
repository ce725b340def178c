"""Memory aware synapses: a weight's importance is how much the squared norm of the answer depends on it."""

from typing import Any

from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, mas_lambda: float, alpha: float) -> Any:
    """Return Avalanche's MAS strategy."""
    from avalanche.training.supervised import MAS

    return MAS(lambda_reg=mas_lambda, alpha=alpha, verbose=False, **setup.options())


BASELINE = Baseline(
    summary="memory aware synapses",
    build=build,
    source="Aljundi et al. 2018, arXiv:1711.09601; Avalanche 0.6.0, MAS",
    hyper={
        "mas_lambda": HyperParameter(1.0, "Aljundi et al. 2018, section 5", SearchRange(1e-3, 1e3), range=Range(0)),
        "alpha": HyperParameter(0.5, "Avalanche's default: old and new importances weigh the same", range=Range(0, 1)),
    },
    stores="weights and importances, once",
    cost="a pass over the data after each task; a penalty a step",
)
