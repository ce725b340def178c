"""A-GEM: the step may not raise the mean loss on a sample of the memory.

Avalanche flattens gradients as views, which those of channels-last weights do not allow; the weights are stored in the
plain order here.
"""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, memory_a_task: int, sample: int) -> Any:
    """Return Avalanche's AGEM strategy."""
    import torch
    from avalanche.training.supervised import AGEM

    setup.model.to(memory_format=torch.contiguous_format)
    return AGEM(patterns_per_exp=memory_a_task, sample_size=sample, **setup.options())


BASELINE = Baseline(
    summary="averaged GEM: steps that do not hurt the memory on average",
    build=build,
    source="Chaudhry et al. 2019, arXiv:1812.00420; Avalanche 0.6.0, AGEM",
    hyper={
        "memory_a_task": HyperParameter(100, "samples; as for gem", range=Range(1)),
        "sample": HyperParameter(
            128, "samples a step, shared by the tasks; a batch of the image tasks", range=Range(1, each="task")
        ),
    },
    stores="a memory for each task, and one gradient",
    cost="a forward and backward pass over a sample of the memory a step",
)
