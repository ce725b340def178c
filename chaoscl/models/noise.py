"""Where stochastic trunks draw from."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


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
