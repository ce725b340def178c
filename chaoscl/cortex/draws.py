"""What both fused kernels, for the CPU and for CUDA, draw and in which order, so that they draw the same.

A call draws one key. Under it a neuron of a sample has words of its own (:mod:`chaoscl.cortex.philox`) and uses them
in this order: its failures (none, one bit a tick if half of the spikes fail, else one word a tick), then one word of
noise a tick, in pairs.
"""

import torch
from torch import Tensor

from chaoscl.cortex.params import ChaosNeuronParams

NONE, BITWISE, WORDWISE = 0, 1, 2
"""How failures are drawn."""
BITS = 32
"""Of a word."""


def draw_key(generator: torch.Generator | None, device: torch.device) -> Tensor:
    """Return a key, int64 (1,), drawn on the device from a generator there; from the global one if None."""
    return torch.randint(2**63 - 1, (1,), generator=generator, dtype=torch.int64, device=device)


def failure_draws(params: ChaosNeuronParams) -> int:
    """Return how failures are drawn: NONE, BITWISE or WORDWISE."""
    return NONE if params.fail_prob == 0 else BITWISE if params.fail_prob == 0.5 else WORDWISE


def failure_limit(params: ChaosNeuronParams) -> int:
    """Return the word below which a spike fails, where failures are drawn word by word."""
    return round(params.fail_prob * 2**BITS)
