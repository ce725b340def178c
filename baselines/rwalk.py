"""Riemannian walk: a running Fisher information plus the path's contribution to the loss, each scaled to 1.

Avalanche 0.6.0 computes its gradient with the model in evaluation mode and leaves it there, so that batch norm would
never learn its statistics; here the model goes back to training mode. It also leaves out the steps after the last
whole interval of a task, and divides by a highest score of 0 when a task is shorter than an interval; here the last
interval is closed with the task. The penalty itself is Avalanche's.
"""

from typing import Any

from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, rwalk_lambda: float, alpha: float, interval: int) -> Any:
    """Return Avalanche's Naive strategy with its RWalk plugin."""
    from avalanche.training.plugins import RWalkPlugin
    from avalanche.training.supervised import Naive

    class RWalk(RWalkPlugin):
        """RWalk that leaves the model in training mode and closes the last interval."""

        def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
            """Take the gradient of the batch and go back to training mode."""
            super().before_training_iteration(strategy, *args, **kwargs)
            strategy.model.train()

        def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
            """Score the steps since the last whole interval, then end the task."""
            self._update_score(strategy)
            super().after_training_exp(strategy, *args, **kwargs)

    options = setup.options()
    options["plugins"].append(RWalk(ewc_lambda=rwalk_lambda, ewc_alpha=alpha, delta_t=interval))
    return Naive(**options)


BASELINE = Baseline(
    summary="Riemannian walk, without its replay",
    build=build,
    source="Chaudhry et al. 2018, arXiv:1801.10112; Avalanche 0.6.0, RWalkPlugin",
    hyper={
        "rwalk_lambda": HyperParameter(0.1, "Avalanche's default", SearchRange(1e-3, 1e4), range=Range(0)),
        "alpha": HyperParameter(0.9, "Chaudhry et al. 2018, section 5", range=Range(0, 1)),
        "interval": HyperParameter(10, "steps between two scores; between the paper's 10 and 50", range=Range(1)),
    },
    stores="weights, importances, scores and the path of the present task, once",
    cost="a second forward and backward pass a step; a penalty a step",
)
