"""Maximally interfered retrieval, stock Avalanche; ``mir`` is the published one.

Avalanche leaves the classes of the last batch out of the memory's draws, mostly those of the task just learned: it
replays from the third task on. In domain-incremental streams every class is in every batch, and nothing is replayed.
"""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, memory: int, candidates: int) -> Any:
    """Return Avalanche's MIR strategy; a memory batch is as large as the first task's batch."""
    from avalanche.training.supervised import MIR

    return MIR(mem_size=memory, subsample=candidates, batch_size_mem=min(setup.batch, memory - 1), **setup.options())


BASELINE = Baseline(
    summary="stock Avalanche's MIR: leaves out the classes of the last batch, so it may replay late or never",
    build=build,
    source="Aljundi et al. 2019, arXiv:1908.04742; Avalanche 0.6.0, MIR",
    hyper={
        "memory": HyperParameter(1000, "samples; as for replay", range=Range(2, each="class")),
        "candidates": HyperParameter(
            200, "Avalanche's default; the paper has 50 for a memory batch of 10", range=Range(1)
        ),
    },
    stores="the memory",
    cost="twice the samples a step, two more passes over the candidates, a copy of the model",
)
