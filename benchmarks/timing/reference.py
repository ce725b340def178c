"""The reference implementation: ChaosNet's published scripts, written again by us, beside which the fast code is timed.

Its steps and their order are those of ChaosNet's README: a Python loop over ticks with both products and fresh draws at
each, differentiated by autograd; convolution, batch norm, ReLU, then pooling, in the default memory format.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from chaoscl.cortex import ChaosCortex

NAME = "the reference implementation"


def over_time(cortex: ChaosCortex, x: Tensor, ticks: int) -> Tensor:
    """Return mean spikes (B, H) by the loop of ChaosNet's README, for x (B, input_size)."""
    states, total = None, None
    for _ in range(ticks):
        _, states, spikes = cortex(x, states)
        total = spikes[-1] if total is None else total + spikes[-1]
    assert total is not None
    return total / ticks


def replicas(cortex: ChaosCortex, x: Tensor, ticks: int) -> Tensor:
    """Return mean spikes (B, H) by one tick of ``ticks`` copies of the batch, for x (B, input_size)."""
    _, _, spikes = cortex(x.repeat(ticks, 1))
    return spikes[-1].reshape(ticks, len(x), -1).mean(0)


def image_encoder(shape: Sequence[int], size: int, channels: Sequence[int]) -> nn.Module:
    """Return the image encoder in the published order, from (n, *shape) to (n, size)."""
    first, second = channels
    return nn.Sequential(
        *_block(shape[0], first),
        *_block(first, second),
        nn.Flatten(),
        nn.Linear(second * (shape[1] // 4) * (shape[2] // 4), size),
        nn.ReLU(),
    )


def _block(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)
