"""Dark experience replay: the memory holds the logits of its samples, and the model is held to them.

Avalanche stores the logits after a task, not during it, and draws one memory batch a step where the authors draw two.
Here the distance is a mean over the classes that a sample's task label shows, and a memory that is
smaller than a batch is replayed too (chaoscl.runs.rehearsal).
"""

from typing import Any

from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, memory: int, alpha: float) -> Any:
    """Return Avalanche's DER strategy without the labels of the memory."""
    from chaoscl.runs.rehearsal import UnmaskedDER

    return UnmaskedDER(
        mem_size=memory, batch_size_mem=min(setup.batch, memory), alpha=alpha, beta=0.0, **setup.options()
    )


BASELINE = Baseline(
    summary="dark experience replay: the memory's logits as targets",
    build=build,
    source="Buzzega et al. 2020, arXiv:2004.07211; Avalanche 0.6.0, DER",
    hyper={
        "memory": HyperParameter(1000, "samples; as for replay", range=Range(1, each="class")),
        "alpha": HyperParameter(
            0.3, "Buzzega et al. 2020, split CIFAR-10, buffer 200 and 500", SearchRange(1e-2, 1e1), range=Range(0)
        ),
    },
    stores="the memory, with all logits of each sample",
    cost="twice the samples a step",
)
