"""Trunks: the part that all tasks share, from an embedding to the features that the heads read."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from chaoscl.cortex import ChaosCortex, CortexParams
from chaoscl.cortex.cortex import Mode


class Noise:
    """Where a trunk's draws come from: a generator of their own, so that they leave the data order alone.

    Copies of a model share the source: a deepcopy returns the object itself.
    """

    def __init__(self) -> None:
        self.generator: torch.Generator | None = None

    def __deepcopy__(self, memo: dict[int, object]) -> "Noise":
        return self

    def seed(self, seed: int, device: torch.device | str = "cpu") -> None:
        """Start a fresh generator."""
        self.generator = torch.Generator(device).manual_seed(seed)

    @contextmanager
    def seeded(self, seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
        """Use a fresh generator inside the block, and the one of before afterwards, where it was left."""
        before = self.generator
        self.seed(seed, device)
        try:
            yield
        finally:
            self.generator = before


class ChaosTrunk(nn.Module):
    """ChaosNet's shared core: mean spikes of a cortex' last layer over a number of ticks.

    Args:
        params: of the cortex.
        ticks: on the same input.
        mode: ``recurrent``, ``replica`` or ``feedback`` (see ChaosCortex.integrate).
        noise: where failures and membrane noise are drawn.
        kernel: what counts spikes; see ChaosCortex.
    """

    def __init__(self, params: CortexParams, ticks: int, mode: Mode, noise: Noise, kernel: str = "torch") -> None:
        super().__init__()
        self.cortex = ChaosCortex(params, kernel)
        self.ticks = ticks
        self.mode: Mode = mode
        self.noise = noise

    @property
    def fan_out(self) -> int:
        """Weights within the trunk that a spike of its last layer reaches."""
        return self.cortex.params.hidden_sizes[-1] if self.mode == "feedback" else 0

    def forward(self, embedding: Tensor) -> Tensor:
        """Map embeddings (n, input_size) to mean spikes (n, hidden), in [0, 1]."""
        return self.cortex.integrate(embedding, self.ticks, self.mode, self.noise.generator)

    def untrained_parameters(self) -> list[str]:
        """Return the names of parameters that no read-out of spikes reaches, so that they get no gradient."""
        return [f"cortex.{name}" for name in self.cortex.untrained_parameters(self.mode)]


class MLPTrunk(nn.Module):
    """The control: linear layers with ReLU, no noise, no ticks, no spikes.

    Args:
        input_size: of the embedding.
        hidden: number of features of each layer.
        depth: number of layers.
    """

    ticks = 0
    fan_out = 0

    def __init__(self, input_size: int, hidden: int, depth: int = 1) -> None:
        super().__init__()
        sizes = [input_size, *[hidden] * depth]
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in itertools.pairwise(sizes))

    def forward(self, embedding: Tensor) -> Tensor:
        """Map embeddings (n, input_size) to features (n, hidden)."""
        for layer in self.layers:
            embedding = layer(embedding).relu()
        return embedding

    def untrained_parameters(self) -> list[str]:
        """Return the names of parameters that get no gradient: none."""
        return []
