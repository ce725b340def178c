"""What a cortex does at every tick, kept for looking at.

recording = record(cortex, x, ticks=50)
recording.spikes[0][:, 3].numpy()  # first layer, fourth sample: (ticks, H)
"""

from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor

from chaoscl.cortex.cortex import ChaosCortex, check_mode, check_tensor
from chaoscl.cortex.layer import ChaosLayer
from chaoscl.cortex.params import check_count
from chaoscl.cortex.transforms import cast_back, is_autocast


@dataclass(frozen=True, eq=False)
class Recording:
    """Spikes and potentials of every tick, one tensor a layer, without gradients.

    Attributes:
        spikes: each (ticks, B, H_k), 0 or 1: the spikes that were sent, failed ones left out.
        potentials: each (ticks, B, H_k), no unit: the membrane potential that the tick leaves behind, after its decay.
        threshold: potential that must be exceeded for a spike.
    """

    spikes: tuple[Tensor, ...]
    potentials: tuple[Tensor, ...]
    threshold: float


@torch.no_grad()
def record(
    cortex: ChaosCortex,
    x: Tensor,
    ticks: int,
    mode: Literal["recurrent", "feedback"] = "recurrent",
    generator: torch.Generator | None = None,
) -> Recording:
    """Tick a cortex on the same input, from rest, and keep what each tick does.

    The ticks are those of :meth:`ChaosCortex.integrate` in plain torch, draw by draw: the mean of the last layer's
    spikes over the ticks is what it returns for the same generator.

    Args:
        cortex: the cortex; nothing of it is changed.
        x: input, (B, input_size), in the dtype and on the device of the parameters.
        ticks: number of ticks, >= 1.
        mode: ``recurrent`` or ``feedback``. There is no time in ``replica``, so nothing to record.
        generator: source of the draws, on the device of the parameters; the global one if None.

    Raises:
        ValueError: a mode without time, a bad number of ticks, or an input of the wrong shape, dtype or device.
    """
    if check_mode(mode) == "replica":
        raise ValueError("mode must be recurrent or feedback, replica has no time to record")
    ticks = check_count("ticks", ticks)
    layers = [cast(ChaosLayer, layer) for layer in cortex.layers]
    if is_autocast(layers[0].w_in):
        with torch.autocast(layers[0].w_in.device.type, enabled=False):
            return record(cortex, cast_back(x, layers[0].w_in), ticks, mode, generator)
    check_tensor("x", x, ("B", cortex.params.input_size), layers[0].w_in)
    states = cortex.initial_states(x.shape[0])
    returned: list[Tensor | None] = [None] * len(layers)
    kept: list[list[tuple[Tensor, Tensor]]] = [[] for _ in layers]
    for _ in range(ticks):
        current = x
        for k, layer in enumerate(layers):
            current, states[k], spikes = layer(current, states[k], returned[k], generator)
            kept[k].append((spikes, states[k].v))
            if mode == "feedback":
                returned[k] = current
    return Recording(
        tuple(torch.stack([spikes for spikes, _ in steps]) for steps in kept),
        tuple(torch.stack([potentials for _, potentials in steps]) for steps in kept),
        cortex.params.neuron.threshold,
    )
