"""Experience replay: every batch is joined by as many samples from a small memory balanced over earlier tasks."""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, memory: int) -> Any:
    """Return Avalanche's Replay strategy with an experience-balanced memory of ``memory`` samples."""
    from avalanche.training.supervised import Replay

    return Replay(mem_size=memory, **setup.options())


BASELINE = Baseline(
    summary="experience replay from a memory balanced over tasks; each step sees twice the samples",
    build=build,
    source="Chaudhry et al. 2019, arXiv:1902.10486; Avalanche 0.6.0, Replay",
    hyper={
        "memory": HyperParameter(
            1000, "samples; between the 200 and 5,120 of Buzzega et al. 2020 (DER)", range=Range(1, each="task")
        )
    },
    stores="the memory",
    cost="twice the samples a step",
)
