"""What training a network computes: samples passed through it, multiply-accumulates, operations that spikes cause.

Multiply-accumulates are those of the products and convolutions that run, counted by torch's own counter on one sample
of each data set; a backward pass counts twice its forward pass (Kaplan et al. 2020, arXiv:2001.08361, section 2.1).
A spike causes one accumulate for each weight that it reaches, the usual count of synaptic operations (Merolla et al.
2014, Science 345). Such operations are what an event-driven machine would do in place of the products; the sum of both
means nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

_BACKWARD = 2


class Meter:
    """Counts what a network and all of its copies compute: a deepcopy returns the object itself.

    Attributes:
        trained_samples: passed through the network with a gradient, replayed ones and importance passes included.
        replayed_samples: of the trained ones, those of earlier tasks.
        own: bool (data sets and views, rows), the samples of the task that is being learned; None before the first.
        forward_samples: passed through the network at all, teachers and candidates included.
        macs: multiply-accumulates.
        per_sample: multiply-accumulates of one sample's forward pass, by data set.
    """

    def __init__(self) -> None:
        self.trained_samples = 0
        self.replayed_samples = 0
        self.own: Tensor | None = None
        self.forward_samples = 0
        self.macs = 0
        self.per_sample: Mapping[str, int] = {}
        self._spike_operations: Tensor | float = 0.0
        self._running = True

    def __deepcopy__(self, memo: dict[int, object]) -> "Meter":
        return self

    @property
    def spike_operations(self) -> int:
        """Accumulates that spikes caused, in forward passes."""
        return round(float(self._spike_operations))

    def passed(self, dataset: str, samples: int) -> None:
        """Count a forward pass of samples of a data set, and the backward pass that follows it if gradients are on."""
        if not self._running:
            return
        gradient = torch.is_grad_enabled()
        self.forward_samples += samples
        self.trained_samples += samples if gradient else 0
        self.macs += (1 + _BACKWARD if gradient else 1) * samples * self.per_sample.get(dataset, 0)

    def referred(self, references: Tensor) -> None:
        """Count those of ``references``, int64 (n, 2), that are not the present task's, if gradients are on."""
        if self._running and self.own is not None and torch.is_grad_enabled():
            owners, rows = references.cpu().unbind(1)
            self.replayed_samples += len(references) - int(self.own[owners, rows].sum())

    def spiked(self, rates: Tensor, operations: int) -> None:
        """Count the operations of spikes: ``rates``, any shape, times what a rate of 1 causes."""
        if self._running and operations:
            self._spike_operations = self._spike_operations + rates.detach().sum(dtype=torch.float64) * operations

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Count nothing inside the block: evaluation is not training."""
        before, self._running = self._running, False
        try:
            yield
        finally:
            self._running = before
