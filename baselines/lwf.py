"""Learning without forgetting: what the model before this task would have answered is a target beside the labels."""

from typing import Any

from chaoscl.runs.baseline import Baseline, Hyper, Search, Setup


def build(setup: Setup, alpha: float, temperature: float) -> Any:
    """Return Avalanche's LwF strategy."""
    from avalanche.training.supervised import LwF

    return LwF(alpha=alpha, temperature=temperature, **setup.options())


BASELINE = Baseline(
    summary="learning without forgetting: distils the previous model on the new data",
    build=build,
    source="Li & Hoiem 2017, arXiv:1606.09282; Avalanche 0.6.0, LwF",
    hyper={
        "alpha": Hyper(1.0, "lambda_o of Li & Hoiem 2017, section 3", Search(1e-1, 1e2)),
        "temperature": Hyper(2.0, "Li & Hoiem 2017, section 3"),
    },
    stores="a copy of the model",
    task_labels="of earlier tasks, to distil each of their heads",
    cost="two more forward passes a step",
)
