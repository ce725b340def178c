"""Experience replay from a reservoir: each sample of the stream so far is in the memory with the same probability."""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, memory: int) -> Any:
    """Return Avalanche's Replay with a reservoir of ``memory`` samples."""
    from avalanche.training.plugins import ReplayPlugin
    from avalanche.training.storage_policy import ReservoirSamplingBuffer
    from avalanche.training.supervised import Naive

    options = setup.options()
    options["plugins"].append(ReplayPlugin(memory, storage_policy=ReservoirSamplingBuffer(memory)))
    return Naive(**options)


BASELINE = Baseline(
    summary="experience replay from a reservoir: large tasks fill more of the memory",
    build=build,
    source="Vitter 1985; Chaudhry et al. 2019, arXiv:1902.10486; Avalanche 0.6.0, ReplayPlugin",
    hyper={"memory": HyperParameter(1000, "samples; as for replay", range=Range(1))},
    stores="the memory",
    cost="twice the samples a step",
)
