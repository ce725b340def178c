"""Gradient episodic memory: the step may not raise the loss on the memory of any earlier task."""

from typing import Any

from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, memory_a_task: int, strength: float) -> Any:
    """Return Avalanche's GEM strategy."""
    from avalanche.training.supervised import GEM

    return GEM(patterns_per_exp=memory_a_task, memory_strength=strength, **setup.options())


BASELINE = Baseline(
    summary="gradient episodic memory: steps that hurt no earlier task's memory",
    build=build,
    source="Lopez-Paz & Ranzato 2017, arXiv:1706.08840; Avalanche 0.6.0, GEM",
    hyper={
        "memory_a_task": HyperParameter(
            100, "samples; the paper has 256, and every step passes over all of them", range=Range(1)
        ),
        "strength": HyperParameter(
            0.5, "gamma of Lopez-Paz & Ranzato 2017", SearchRange(0.0, 1.0, log=False), range=Range(0)
        ),
    },
    stores="a memory for each task, and a gradient for each task",
    cost="a forward and backward pass over each task's memory a step",
)
