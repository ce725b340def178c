"""The cortex in plain PyTorch: a read-out on spike rates learns to tell points by their angle, on generated data.

python examples/cortex_in_pytorch.py
"""

# %% Data: points in the plane, in one of four classes by their angle.
import math
import sys

import torch
from torch import nn

from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams


def points(count: int, draws: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points on the unit circle, (count, 2), and the quarter in which each lies, (count,)."""
    angle = 2 * math.pi * torch.rand(count, generator=draws)
    return torch.stack([angle.cos(), angle.sin()], dim=1), (angle // (math.pi / 2)).long().clamp(max=3)


# %% A model: two coordinates into 64 spiking neurons, their mean spikes over ten ticks into four logits.
class Classifier(nn.Module):
    """A cortex between two linear layers; half of its spikes fail, in training and in evaluation."""

    def __init__(self) -> None:
        super().__init__()
        neuron = ChaosNeuronParams(threshold=0.5, noise_std=0.01, fail_prob=0.5, decay=0.02, refractory_decay=0.95)
        self.embed = nn.Linear(2, 16)
        self.cortex = ChaosCortex(CortexParams(input_size=16, hidden_sizes=[64], neuron=neuron))
        self.read_out = nn.Linear(64, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits, (B, 4), for points, (B, 2)."""
        return self.read_out(self.cortex.integrate(self.embed(x), ticks=10, mode="recurrent"))


# %% Training: nothing about it is special. The surrogate gradient of the spikes comes with the cortex.
def train(steps: int = 150) -> float:
    """Train on generated points and return the accuracy on new ones."""
    torch.manual_seed(0)
    draws = torch.Generator().manual_seed(0)
    model = Classifier()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        x, y = points(128, draws)
        loss = nn.functional.cross_entropy(model(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    x, y = points(2000, draws)
    with torch.no_grad():
        return (model(x).argmax(dim=1) == y).float().mean().item()


# %% The noise is drawn at test time too: evaluate several times, and give a generator where numbers must repeat.
if __name__ == "__main__":
    sys.stdout.write(f"accuracy on new points: {100 * train():.1f} %\n")
