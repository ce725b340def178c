"""Random labels: naive fine-tuning on labels shuffled within each task. Must stay at chance on the test rows."""

from dataclasses import replace
from typing import Any

from chaoscl.runs.baseline import Baseline, Setup
from chaoscl.seeds import derive
from chaoscl.streams import TaskData


def build(setup: Setup) -> Any:
    """Return Avalanche's Naive strategy."""
    from avalanche.training.supervised import Naive

    return Naive(**setup.options())


def shuffled(data: TaskData, seed: int) -> TaskData:
    """Return the task with its training labels in another order, drawn under the name ``random labels``."""
    import torch

    draws = torch.Generator().manual_seed(derive(seed, "random labels", data.task.name))
    order = torch.randperm(len(data.train), generator=draws)
    return replace(data, train=replace(data.train, targets=data.train.targets[order]))


BASELINE = Baseline(
    summary="naive on shuffled training labels: what leaks, if it is above chance (control)",
    build=build,
    source="Zhang et al. 2017, arXiv:1611.03530, section 2; Avalanche 0.6.0, Naive",
    data=shuffled,
)
