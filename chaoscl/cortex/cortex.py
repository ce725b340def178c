"""A cortex: stacked layers, ticked by hand or for a number of ticks on the same input."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, cast, get_args

import torch
from torch import Tensor, nn

from chaoscl.cortex.counting import spike_rates
from chaoscl.cortex.kernels import AUTO, Kernel, check_kernel, counter, installed
from chaoscl.cortex.layer import ChaosLayer
from chaoscl.cortex.neuron import LayerState
from chaoscl.cortex.params import CortexParams, check_count

Mode = Literal["recurrent", "replica", "feedback"]
MODES: tuple[Mode, ...] = get_args(Mode)


def check_mode(mode: str) -> Mode:
    """Return ``mode`` if it is one of :data:`MODES`.

    Raises:
        ValueError: it is not.
    """
    if mode in MODES:
        return mode
    raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")


def check_tensor(name: str, tensor: object, shape: tuple[int | str, int], like: Tensor) -> Tensor:
    """Return ``tensor`` if it has the shape, and the dtype and device of ``like``; a str in the shape fits any length.

    Raises:
        ValueError: it has not; the message says what was expected and what came.
    """
    expected = f"{name} must be a ({shape[0]}, {shape[1]}) tensor of {like.dtype} on {like.device}"
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{expected}, got {type(tensor).__name__}")
    fits = tensor.dim() == 2 and tensor.shape[1] == shape[1] and (shape[0] == tensor.shape[0] or shape[0] == "B")
    if not fits or tensor.dtype != like.dtype or tensor.device != like.device:
        raise ValueError(f"{expected}, got shape {tuple(tensor.shape)} of {tensor.dtype} on {tensor.device}")
    return tensor


class ChaosCortex(nn.Module):
    """Stacked layers of stochastic spiking neurons; layer k + 1 reads the output current of layer k.

    Noise and failures act in training and in evaluation alike; ``train()`` and ``eval()`` change nothing. One tick
    draws layer by layer, and within a layer as :func:`chaoscl.cortex.neuron.tick` says.

    Args:
        params: shape and neurons.
        kernel: what counts spikes in :meth:`integrate`: ``torch``, ``fused`` or ``auto``, which takes the fused one
            where it is installed and able; see chaoscl.cortex.kernels. Single ticks always take plain torch.

    Attributes:
        params: what the cortex was built from.
        kernel: as given.
        layers: its layers; the parameters are named ``layers.0.w_in``, ``layers.0.w_rec``, ``layers.1.w_in``, ...
    """

    def __init__(self, params: CortexParams, kernel: str = AUTO) -> None:
        super().__init__()
        self.params = params
        self.kernel = check_kernel(kernel)
        sizes = [params.input_size, *params.hidden_sizes]
        self.layers = nn.ModuleList(
            ChaosLayer(before, size, params.neuron, params.inhibitory_fraction) for before, size in pairwise(sizes)
        )

    def forward(
        self, x: Tensor, states: Sequence[LayerState] | None = None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, list[LayerState], list[Tensor]]:
        """Advance the cortex by one tick.

        Args:
            x: input, (B, input_size), in the dtype and on the device of the parameters.
            states: what the last tick returned, one state a layer; None for rest.
            generator: source of the draws, on the device of the parameters; the global one if None.

        Returns:
            The output current of the last layer, (B, H_last); the states, one a layer; the spikes, one (B, H_k)
            tensor a layer.

        Raises:
            ValueError: an input of the wrong shape, dtype or device.
        """
        self._check_input(x, generator)
        states = self.initial_states(x.shape[0]) if states is None else self._check_states(states, x.shape[0])
        outputs, states, spikes = self._tick(x, states, None, generator)
        return outputs[-1], states, spikes

    def integrate(
        self, x: Tensor, ticks: int, mode: Mode = "recurrent", generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the mean spikes of the last layer over ``ticks`` ticks on the same input, from rest.

        Three dynamics are on offer:

        - ``recurrent``: the state is carried from tick to tick, as in the loop of ChaosNet's README. Despite the
          name, output currents only go up the stack; none returns to its own layer.
        - ``replica``: x is repeated ``ticks`` times along the batch (all samples, then all samples again, ...) and
          every copy takes one step from rest, as in some of ChaosNet's scripts. There is no time in it. With one
          layer the rate is Binomial(ticks, p) / ticks with
          p = (1 - fail_prob) * Phi((W_in x - threshold) / noise_std).
        - ``feedback``: as ``recurrent``, and each layer's own output current W_rec s of the last tick is added to
          its input current W_in x at this tick; at the first tick there is none to add. This is the recurrence that
          the name W_rec promises. No published script has it, so the definition is ours.

        Args:
            x: input, (B, input_size), in the dtype and on the device of the parameters.
            ticks: number of ticks, >= 1.
            mode: one of :data:`MODES`.
            generator: source of the draws, on the device of the parameters; the global one if None.

        Returns:
            Mean spikes, (B, H_last), each a multiple of 1 / ticks in [0, 1].

        Raises:
            ValueError: an unknown mode, a bad number of ticks, or an input of the wrong shape, dtype or device.
        """
        mode = check_mode(mode)
        ticks = check_count("ticks", ticks)
        self._check_input(x, generator)
        kernel = self.kernel_for(mode)
        if mode != "feedback" and len(self.layers) == 1:
            (layer,) = self._layers()
            return spike_rates(counter(kernel, mode, x.device.type), x, layer.w_in, ticks, layer.neuron, generator)
        if mode == "replica":
            return self._count_replicas(x, ticks, generator) / ticks
        return self._count_over_time(x, ticks, mode == "feedback", generator) / ticks

    def kernel_for(self, mode: Mode) -> Kernel:
        """Return which of chaoscl.cortex.kernels counts the spikes of :meth:`integrate` in a mode.

        Raises:
            ValueError: the cortex was built for the fused kernel, which cannot count here.
        """
        weights = self._layers()[0].w_in
        able = len(self.layers) == 1 and mode != "feedback" and weights.dtype == torch.float32
        if self.kernel == "fused" and not able:
            raise ValueError("the fused kernel counts for one layer of float32, recurrent or replica; use 'auto'")
        return "fused" if self.kernel != "torch" and able and installed(weights.device.type) else "torch"

    def initial_states(self, batch: int) -> list[LayerState]:
        """Return the states of rest, all zero, for ``batch`` samples: one state a layer, each part (batch, H_k)."""
        batch = check_count("batch", batch, low=0)
        return [
            LayerState(layer.w_rec.new_zeros(batch, layer.size), layer.w_rec.new_zeros(batch, layer.size))
            for layer in self._layers()
        ]

    def enforce_ei_constraints(self) -> None:
        """Bring the recurrent weights of every layer back to the signs of their rows (ChaosNet's "sleep" step).

        Wrong-signed weights are set to 0 (a clamp, the projection onto the constraint, which moves each weight as
        little as it can), not mirrored. Training does not keep the signs by itself. The gradients are not touched.
        """
        for layer in self._layers():
            layer.enforce_ei_constraints()

    def parameter_counts(self) -> dict[str, int]:
        """Return the number of weights of each parameter, by its name: {"layers.0.w_in": 1024, ...}."""
        return {name: parameter.numel() for name, parameter in self.named_parameters()}

    def untrained_parameters(self, mode: Mode = "recurrent") -> list[str]:
        """Return the names of the parameters that the last layer's spikes do not depend on.

        If the spikes are all that is read out, as :meth:`integrate` does, these get no gradient. The last layer's
        W_rec shapes nothing but its output current, which nobody reads unless it is fed back (``feedback``, and even
        there not before the second tick).

        Raises:
            ValueError: an unknown mode.
        """
        return [] if check_mode(mode) == "feedback" else [f"layers.{len(self.layers) - 1}.w_rec"]

    def extra_repr(self) -> str:
        """Return the parameters for ``repr``."""
        return repr(self.params)

    def _layers(self) -> list[ChaosLayer]:
        return [cast(ChaosLayer, layer) for layer in self.layers]

    def _tick(
        self,
        x: Tensor,
        states: Sequence[LayerState],
        feedback: Sequence[Tensor] | None,
        generator: torch.Generator | None,
    ) -> tuple[list[Tensor], list[LayerState], list[Tensor]]:
        """Return the output currents, states and spikes of all layers after one tick; the arguments are checked."""
        outputs, new_states, spikes = [], [], []
        for k, layer in enumerate(self._layers()):
            y, state, s = layer(x, states[k], None if feedback is None else feedback[k], generator)
            outputs.append(y)
            new_states.append(state)
            spikes.append(s)
            x = y
        return outputs, new_states, spikes

    def _count_over_time(self, x: Tensor, ticks: int, feed_back: bool, generator: torch.Generator | None) -> Tensor:
        """Return the last layer's number of spikes with the state carried over the ticks, (B, H_last)."""
        states = self.initial_states(x.shape[0])
        outputs, states, spikes = self._tick(x, states, None, generator)
        total = spikes[-1]
        for _ in range(ticks - 1):
            outputs, states, spikes = self._tick(x, states, outputs if feed_back else None, generator)
            total = total + spikes[-1]
        return total

    def _count_replicas(self, x: Tensor, ticks: int, generator: torch.Generator | None) -> Tensor:
        """Return the last layer's number of spikes over ``ticks`` copies that take one step each, (B, H_last)."""
        batch = x.shape[0]
        _, _, spikes = self._tick(x.repeat(ticks, 1), self.initial_states(ticks * batch), None, generator)
        return spikes[-1].reshape(ticks, batch, spikes[-1].shape[1]).sum(0)

    def _check_input(self, x: Tensor, generator: torch.Generator | None) -> None:
        weights = self._layers()[0].w_in
        check_tensor("x", x, ("B", self.params.input_size), weights)
        if generator is not None and generator.device.type != weights.device.type:
            raise ValueError(f"generator must be on {weights.device.type}, got one on {generator.device.type}")

    def _check_states(self, states: Sequence[LayerState], batch: int) -> Sequence[LayerState]:
        if not isinstance(states, Sequence) or len(states) != len(self.layers):
            got = f"{len(states)} states" if isinstance(states, Sequence) else type(states).__name__
            raise ValueError(
                f"states must be a sequence of one LayerState for each of {len(self.layers)} layers, got {got}"
            )
        for k, (state, layer) in enumerate(zip(states, self._layers(), strict=True)):
            if not isinstance(state, LayerState):
                raise ValueError(f"states[{k}] must be a LayerState, got {type(state).__name__}")
            check_tensor(f"states[{k}].v", state.v, (batch, layer.size), layer.w_rec)
            check_tensor(f"states[{k}].r", state.r, (batch, layer.size), layer.w_rec)
        return states
