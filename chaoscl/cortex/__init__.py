"""The ChaosNet substrate: stochastic spiking neurons, stacked into a cortex.

Knows nothing of tasks or data, needs torch alone (and counts faster with numba) and can be used in any PyTorch program:

    neuron = ChaosNeuronParams(threshold=0.5, noise_std=0.01, fail_prob=0.5, decay=0.02, refractory_decay=0.95)
    cortex = ChaosCortex(CortexParams(input_size=16, hidden_sizes=[64], neuron=neuron))
    out, states, spikes = cortex(x)  # one tick
    out, states, spikes = cortex(x, states)  # the next one
    rate = cortex.integrate(x, ticks=10, mode="recurrent")  # mean spikes of the last layer over ten ticks
"""

from chaoscl.cortex.cortex import MODES, ChaosCortex, Mode
from chaoscl.cortex.neuron import LayerState
from chaoscl.cortex.params import ChaosNeuronParams, CortexParams

__all__ = ["MODES", "ChaosCortex", "ChaosNeuronParams", "CortexParams", "LayerState", "Mode"]
