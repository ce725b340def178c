"""Synaptic intelligence: a weight's importance is what it contributed to the fall of the loss along its path.

Avalanche 0.6.0 notes weights as views of the model's own memory when the model is on a CPU, so that no weight ever
seems to move, every importance is 0 and the strategy is naive fine-tuning. Here the noted weights are copies, as they
are on a GPU; ``tests/baselines/test_si.py`` tells when that can go. Avalanche also caps importances at 0.001 (Maltoni &
Lomonaco 2019, arXiv:1806.08568), which the paper does not. With the cap a published strength means something else; here
there is none.

The default strength was fixed by a rule, not by results: the value that van de Ven, Tuytelaars & Tolias 2022 use for
task-incremental split MNIST.
"""

import math
from typing import Any

from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, si_lambda: float, damping: float) -> Any:
    """Return Avalanche's Naive strategy with its SynapticIntelligence plugin over copies of the weights."""
    from avalanche.training.plugins import SynapticIntelligencePlugin
    from avalanche.training.supervised import Naive

    def copied(noted: dict[str, Any]) -> None:
        for entry in noted.values():
            entry.data = entry.data.clone()

    class Copies(SynapticIntelligencePlugin):
        """Synaptic intelligence whose noted weights stay as they were noted, and whose importances have no cap."""

        def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
            """Note the weights before the task."""
            super().before_training_exp(strategy, *args, **kwargs)
            copied(self.ewc_data[0])

        def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
            """Note the weights before the step."""
            super().before_training_iteration(strategy, *args, **kwargs)
            copied(self.syn_data["old_theta"])

        def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
            """Turn the task's path into importances: equation 5 of the paper, without Avalanche's cap."""
            excluded = self.excluded_parameters
            self.update_ewc_data(strategy.model, self.ewc_data, self.syn_data, math.inf, excluded, c=1, eps=self.eps)

    options = setup.options()
    options["plugins"].append(Copies(si_lambda=si_lambda, eps=damping))
    return Naive(**options)


BASELINE = Baseline(
    summary="synaptic intelligence as in the paper, without Avalanche's cap on importances",
    build=build,
    source="Zenke, Poole & Ganguli 2017, arXiv:1703.04200; Avalanche 0.6.0, SynapticIntelligencePlugin",
    hyper={
        "si_lambda": HyperParameter(
            20.0,
            "twice c = 10 of van de Ven et al. 2022 (task-incremental split MNIST), since Avalanche halves it",
            SearchRange(1e0, 1e7),
            range=Range(0),
        ),
        "damping": HyperParameter(0.1, "xi of van de Ven & Tolias 2019", range=Range(0, exclusive=True)),
    },
    stores="weights, importances and the path of the present task, once",
    cost="weights and gradients copied a step; a penalty a step",
)
