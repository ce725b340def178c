"""The modules behind the package's trunks. Each maps embeddings (n, inputs) to features (n, width)."""

import itertools

import torch
from torch import Tensor, nn

from chaoscl.cortex import ChaosCortex, CortexParams
from chaoscl.cortex.cortex import Mode
from chaoscl.cortex.neuron import spike
from chaoscl.models.noise import Noise


class ChaosTrunk(nn.Module):
    """ChaosNet's shared core: mean spikes of a cortex' last layer over a number of ticks.

    Args:
        params: of the cortex.
        ticks: on the same input.
        mode: ``recurrent``, ``replica`` or ``feedback`` (see ChaosCortex.integrate).
        noise: where failures and membrane noise are drawn.
        kernel: what counts spikes; see ChaosCortex.
        enforce: when the signs of W_rec are restored: ``never``, after each ``step``, or after each ``epoch``.
    """

    def __init__(
        self,
        params: CortexParams,
        ticks: int,
        mode: Mode,
        noise: Noise,
        kernel: str = "torch",
        enforce: str = "never",
    ) -> None:
        super().__init__()
        self.cortex = ChaosCortex(params, kernel)
        self.ticks = ticks
        self.mode: Mode = mode
        self.noise = noise
        self.enforce = enforce

    @property
    def fan_out(self) -> int:
        """Weights within the trunk that a spike of its last layer reaches."""
        return self.cortex.params.hidden_sizes[-1] if self.mode == "feedback" else 0

    def forward(self, embedding: Tensor) -> Tensor:
        """Map embeddings (n, input_size) to mean spikes (n, hidden), in [0, 1]."""
        return self.cortex.integrate(embedding, self.ticks, self.mode, self.noise.generator)

    def after_step(self) -> None:
        """Restore the signs of W_rec, if that is done after each step."""
        if self.enforce == "step":
            self.cortex.enforce_ei_constraints()

    def after_epoch(self) -> None:
        """Restore the signs of W_rec, if that is done after each epoch, ChaosNet's "sleep"."""
        if self.enforce == "epoch":
            self.cortex.enforce_ei_constraints()

    def untrained_parameters(self) -> list[str]:
        """Return the names of parameters that no read-out of spikes reaches, so that they get no gradient."""
        return [f"cortex.{name}" for name in self.cortex.untrained_parameters(self.mode)]


class MLPTrunk(nn.Module):
    """Linear layers with ReLU: no ticks, no spikes, and dropout if it is asked for.

    Args:
        inputs: width of the embedding.
        hidden: widths of the layers.
        dropout: share of a layer's features set to 0, the others divided by 1 - dropout.
        always: whether dropout acts in evaluation too.
        noise: where dropout is drawn.
    """

    def __init__(
        self,
        inputs: int,
        hidden: tuple[int, ...],
        dropout: float = 0.0,
        always: bool = False,
        noise: Noise | None = None,
    ) -> None:
        super().__init__()
        sizes = [inputs, *hidden]
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in itertools.pairwise(sizes))
        self.dropout = dropout
        self.always = always
        self.noise = noise or Noise()

    def forward(self, embedding: Tensor) -> Tensor:
        """Map embeddings (n, inputs) to features (n, hidden)."""
        for layer in self.layers:
            embedding = layer(embedding).relu()
            if self.dropout and (self.training or self.always):
                embedding = embedding * self._kept(embedding) / (1 - self.dropout)
        return embedding

    def _kept(self, features: Tensor) -> Tensor:
        """Return which features are kept, bool, in their shape."""
        draws = torch.rand(features.shape, generator=self.noise.generator, dtype=features.dtype, device=features.device)
        return draws >= self.dropout


class BinaryTrunk(nn.Module):
    """One binary unit a neuron: 1 where W x, with Gaussian noise or without, exceeds a threshold.

    The gradient is the cortex' triangle (chaoscl.cortex.neuron.spike), so that only state, ticks and failures differ.

    Args:
        inputs: width of the embedding.
        hidden: widths of the layers.
        noise_std: deviation of the noise; 0 for a step function.
        threshold: that must be exceeded.
        noise: where the noise is drawn.
    """

    def __init__(self, inputs: int, hidden: tuple[int, ...], noise_std: float, threshold: float, noise: Noise) -> None:
        super().__init__()
        sizes = [inputs, *hidden]
        self.layers = nn.ModuleList(nn.Linear(before, after, bias=False) for before, after in itertools.pairwise(sizes))
        for layer in self.layers:
            nn.init.kaiming_uniform_(layer.weight, a=0.1)  # type: ignore[arg-type]  # as the cortex starts W_in
        self.noise_std = noise_std
        self.threshold = threshold
        self.noise = noise

    def forward(self, embedding: Tensor) -> Tensor:
        """Map embeddings (n, inputs) to 0 or 1, (n, hidden)."""
        for layer in self.layers:
            potential = layer(embedding)
            if self.noise_std:
                drawn = torch.randn(
                    potential.shape, generator=self.noise.generator, dtype=potential.dtype, device=potential.device
                )
                potential = potential + self.noise_std * drawn
            embedding = spike(potential, self.threshold)
        return embedding


class GRUTrunk(nn.Module):
    """A gated recurrent unit over the same embedding at each tick, as the cortex reads it; the last state is read out.

    Args:
        inputs: width of the embedding.
        hidden: widths of the layers.
        ticks: steps on the same input.
    """

    def __init__(self, inputs: int, hidden: tuple[int, ...], ticks: int) -> None:
        super().__init__()
        sizes = [inputs, *hidden]
        self.cells = nn.ModuleList(nn.GRUCell(before, after) for before, after in itertools.pairwise(sizes))
        self.steps = ticks

    def forward(self, embedding: Tensor) -> Tensor:
        """Map embeddings (n, inputs) to the last state (n, hidden)."""
        states: list[Tensor | None] = [None] * len(self.cells)
        for _ in range(self.steps):
            below = embedding
            for number, cell in enumerate(self.cells):
                states[number] = below = cell(below, states[number])
        return below
