"""The weights of one layer and their excitatory and inhibitory rows."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from chaoscl.cortex.neuron import LayerState, tick
from chaoscl.cortex.params import ChaosNeuronParams


def count_inhibitory(size: int, fraction: float) -> int:
    """Return how many of a recurrent matrix' ``size`` rows are inhibitory: max(1, int(fraction * size))."""
    return max(1, int(fraction * size))


class ChaosLayer(nn.Module):
    """A population of neurons with input weights and recurrent weights, and no bias.

    Attributes:
        w_in: input weights, (H, input_size).
        w_rec: recurrent weights, (H, H). Row i holds what neuron i receives, so the signs of the rows make neurons
            that are only excited or only inhibited by their layer. (Dale's law would give the signs to the columns;
            ChaosNet gives them to the rows.)
        inhibitory: number of inhibitory rows, the last ones of ``w_rec``.
    """

    def __init__(self, input_size: int, size: int, neuron: ChaosNeuronParams, inhibitory_fraction: float) -> None:
        super().__init__()
        self.neuron = neuron
        self.inhibitory = count_inhibitory(size, inhibitory_fraction)
        self.w_in = nn.Parameter(torch.empty(size, input_size))
        self.w_rec = nn.Parameter(torch.empty(size, size))
        self.reset_parameters()

    @property
    def size(self) -> int:
        """Number of neurons, H."""
        return self.w_rec.shape[0]

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw both matrices afresh from the global generator, ``w_in`` first.

        Kaiming-uniform with a = 0.1 (He et al. 2015), as ChaosNet starts them; then the absolute values of ``w_rec``
        get their rows' signs.
        """
        nn.init.kaiming_uniform_(self.w_in, a=0.1)
        nn.init.kaiming_uniform_(self.w_rec, a=0.1)
        self.w_rec.abs_()
        self.w_rec[self.size - self.inhibitory :].neg_()

    @torch.no_grad()
    def enforce_ei_constraints(self) -> None:
        """Set every weight of ``w_rec`` that has left its row's sign to 0."""
        excitatory = self.size - self.inhibitory
        self.w_rec[:excitatory].clamp_(min=0)
        self.w_rec[excitatory:].clamp_(max=0)

    def forward(
        self,
        x: Tensor,
        state: LayerState,
        feedback: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, LayerState, Tensor]:
        """Advance the layer by one tick.

        Args:
            x: input, (B, input_size).
            state: what the last tick left, each part (B, H).
            feedback: a further input current, (B, H), or None.
            generator: source of the draws; the global one if None.

        Returns:
            The output current y = W_rec s ("ChaosNet, one tick", step 7), (B, H); the new state; the spikes s, (B, H).
        """
        current = functional.linear(x, self.w_in)
        if feedback is not None:
            current = current + feedback
        spikes, state = tick(current, state, self.neuron, generator)
        return functional.linear(spikes, self.w_rec), state, spikes
