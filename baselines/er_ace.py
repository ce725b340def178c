"""ER-ACE: replay in which the new data compete among the new classes only, so that old ones are not pushed down."""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, memory: int) -> Any:
    """Return Avalanche's ER_ACE strategy; a memory batch is as large as the first task's batch."""
    from chaoscl.runs.rehearsal import SmallMemoryERACE

    return SmallMemoryERACE(mem_size=memory, batch_size_mem=min(setup.batch, memory), **setup.options())


BASELINE = Baseline(
    summary="replay with an asymmetric loss: new classes compete among themselves",
    build=build,
    source="Caccia et al. 2022, arXiv:2104.05025; Avalanche 0.6.0, ER_ACE",
    hyper={"memory": HyperParameter(1000, "samples; as for replay", range=Range(1, each="class"))},
    stores="the memory",
    cost="twice the samples a step",
)
