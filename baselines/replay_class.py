"""Experience replay from a memory balanced over classes."""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, memory: int) -> Any:
    """Return Avalanche's Replay with a class-balanced memory of ``memory`` samples."""
    from avalanche.training.plugins import ReplayPlugin
    from avalanche.training.storage_policy import ClassBalancedBuffer
    from avalanche.training.supervised import Naive

    options = setup.options()
    options["plugins"].append(ReplayPlugin(memory, storage_policy=ClassBalancedBuffer(memory)))
    return Naive(**options)


BASELINE = Baseline(
    summary="experience replay from a memory balanced over classes",
    build=build,
    source="Chaudhry et al. 2019, arXiv:1902.10486 (ring buffer); Avalanche 0.6.0, ReplayPlugin",
    hyper={"memory": HyperParameter(1000, "samples; as for replay", range=Range(1, each="class"))},
    stores="the memory",
    cost="twice the samples a step",
)
