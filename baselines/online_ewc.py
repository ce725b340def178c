"""Online EWC: one penalty, whose importances fade with every task, instead of one penalty for each.

Its Fisher is Avalanche's batch Fisher, as in ``ewc_batch``, not that of ``ewc``: published lambdas do not carry over.
"""

from typing import Any

from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, ewc_lambda: float, decay: float) -> Any:
    """Return Avalanche's EWC strategy in its online form."""
    from avalanche.training.supervised import EWC

    return EWC(ewc_lambda=ewc_lambda, mode="online", decay_factor=decay, **setup.options())


BASELINE = Baseline(
    summary="online EWC, stock Avalanche: batch Fisher, one penalty whose importances fade",
    build=build,
    source="Schwarz et al. 2018, Progress & Compress, arXiv:1805.06370, section 3.2; Avalanche 0.6.0, EWC",
    hyper={
        "ewc_lambda": HyperParameter(1000.0, "as for ewc_batch; not tuned", SearchRange(1e0, 1e8), range=Range(0)),
        "decay": HyperParameter(
            0.9, "gamma of the paper, below 1; not tuned", SearchRange(0.5, 1.0, log=False), range=Range(0, 1)
        ),
    },
    stores="weights and importances, once",
    cost="a pass over the data after each task; a penalty a step",
)
