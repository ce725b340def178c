"""DER++: dark experience replay with the labels of the memory beside its logits."""

from typing import Any

from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, memory: int, alpha: float, beta: float) -> Any:
    """Return Avalanche's DER strategy with the labels of the memory."""
    from chaoscl.runs.rehearsal import UnmaskedDER

    return UnmaskedDER(
        mem_size=memory, batch_size_mem=min(setup.batch, memory), alpha=alpha, beta=beta, **setup.options()
    )


BASELINE = Baseline(
    summary="DER++: the memory's logits and labels as targets",
    build=build,
    source="Buzzega et al. 2020, arXiv:2004.07211; Avalanche 0.6.0, DER",
    hyper={
        "memory": HyperParameter(1000, "samples; as for replay", range=Range(1, each="class")),
        "alpha": HyperParameter(
            0.1, "Buzzega et al. 2020, split CIFAR-10, buffer 200", SearchRange(1e-2, 1e1), range=Range(0)
        ),
        "beta": HyperParameter(
            0.5, "Buzzega et al. 2020, split CIFAR-10, buffer 200", SearchRange(1e-1, 1e1), range=Range(0)
        ),
    },
    stores="the memory, with all logits of each sample",
    cost="twice the samples a step",
)
