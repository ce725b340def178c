"""A cortex: stacked layers, ticked by hand or for a number of ticks on the same input."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, cast, get_args

import torch
from torch import Tensor, nn

from chaoscl.cortex.counting import spike_rates, ticked_rates
from chaoscl.cortex.fused_operator import fused_rates
from chaoscl.cortex.kernels import AUTO, Kernel, check_kernel, choose_kernel, counter
from chaoscl.cortex.layer import ChaosLayer
from chaoscl.cortex.neuron import LayerState
from chaoscl.cortex.params import CortexParams, check_count
from chaoscl.cortex.transforms import cast_back, is_autocast, is_in_memory, is_transformed

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
    """Return ``tensor`` if it has the shape, and the dtype and device of ``like``.

    In the place of a length, "B" fits any, and "..." any number of any lengths.

    Raises:
        ValueError: it has not; the message says what was expected and what came.
    """
    expected = f"{name} must be a ({shape[0]}, {shape[1]}) tensor of {like.dtype} on {like.device}"
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{expected}, got {type(tensor).__name__}")
    fits = tensor.dim() > 0 if shape[0] == "..." else tensor.dim() == 2 and shape[0] in ("B", tensor.shape[0])
    if not fits or tensor.shape[-1] != shape[1] or tensor.dtype != like.dtype or tensor.device != like.device:
        raise ValueError(f"{expected}, got shape {tuple(tensor.shape)} of {tensor.dtype} on {tensor.device}")
    return tensor


def check_generator(generator: torch.Generator | None, like: Tensor) -> None:
    """Check that a generator, if there is one, is on the type of device of ``like``.

    Raises:
        ValueError: it is on another one.
    """
    if generator is not None and generator.device.type != like.device.type:
        raise ValueError(f"generator must be on {like.device.type}, got one on {generator.device.type}")


class ChaosCortex(nn.Module):
    """Stacked layers of stochastic spiking neurons; layer k + 1 reads the output current of layer k.

    Noise and failures act in training and in evaluation alike; ``train()`` and ``eval()`` change nothing. One tick
    draws layer by layer, and within a layer as :func:`chaoscl.cortex.neuron.tick` says.

    Under torch.autocast it computes in the dtype of its parameters, as outside: input in a lower precision is cast to
    that dtype, and spikes, rates and states leave in it. Whether a neuron spikes hangs on noise of 0.01 about a
    threshold of 0.5, and from there on the next bfloat16 number is 0.004 away: rounding would decide.

    It works in torch.compile, torch.export and the transforms of torch.func, with the same numbers for the same
    random state. An explicit generator breaks the compiler's graph. ``vmap`` asks, as at any random operation, for
    ``randomness="different"`` (draws of its own for each slice) or ``"same"``. With one layer, :meth:`integrate` has a
    first derivative only, and no forward-mode one; a second one is an error, except that torch.func has both with
    kernel ``torch``.

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
        weights = self._weights()
        if is_autocast(weights):
            with torch.autocast(weights.device.type, enabled=False):
                return self.forward(cast_back(x, weights), states, generator)
        check_tensor("x", x, ("B", self.params.input_size), weights)
        check_generator(generator, weights)
        states = self._rest(x.shape[0]) if states is None else self._check_states(states, x.shape[0])
        outputs, states, spikes = self._tick(x, states, None, generator)
        return outputs[-1], states, spikes

    def integrate(
        self, x: Tensor, ticks: int, mode: Mode = "recurrent", generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the mean spikes of the last layer over ``ticks`` ticks on the same input, from rest.

        As a linear layer does, it takes any leading dimensions.

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
            x: input, (..., input_size), in the dtype and on the device of the parameters.
            ticks: number of ticks, >= 1.
            mode: one of :data:`MODES`.
            generator: source of the draws, on the device of the parameters; the global one if None.

        Returns:
            Mean spikes, (..., H_last), each a multiple of 1 / ticks in [0, 1].

        Raises:
            ValueError: an unknown mode, a bad number of ticks, an input of the wrong shape, dtype or device, or the
                kernel ``fused`` where it cannot count.
        """
        mode = check_mode(mode)
        ticks = check_count("ticks", ticks)
        weights = self._weights()
        if is_autocast(weights):
            with torch.autocast(weights.device.type, enabled=False):
                return self.integrate(cast_back(x, weights), ticks, mode, generator)
        check_tensor("x", x, ("...", self.params.input_size), weights)
        check_generator(generator, weights)
        if x.dim() == 2:
            return self._rates(x, weights, ticks, mode, generator)
        rates = self._rates(x.reshape(math.prod(x.shape[:-1]), x.shape[-1]), weights, ticks, mode, generator)
        return rates.reshape(*x.shape[:-1], rates.shape[-1])

    def kernel_for(self, mode: Mode) -> Kernel:
        """Return which of chaoscl.cortex.kernels counts the spikes of :meth:`integrate` in a mode.

        Raises:
            ValueError: the cortex was built for the fused kernel, which cannot count here.
        """
        return self._kernel(mode, self._weights())

    def initial_states(self, batch: int) -> list[LayerState]:
        """Return the states of rest, all zero, for ``batch`` samples: one state a layer, each part (batch, H_k)."""
        return self._rest(check_count("batch", batch, low=0))

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

    def _rest(self, batch: int) -> list[LayerState]:
        """Return the states of rest; ``batch`` may be a symbol, where torch traces."""
        return [
            LayerState(layer.w_rec.new_zeros(batch, layer.size), layer.w_rec.new_zeros(batch, layer.size))
            for layer in self._layers()
        ]

    def _layers(self) -> list[ChaosLayer]:
        return [cast(ChaosLayer, layer) for layer in self.layers]

    def _weights(self) -> Tensor:
        return self._layers()[0].w_in

    def _kernel(self, mode: Mode, weights: Tensor) -> Kernel:
        """Return what :meth:`kernel_for` says, for the input weights of the first layer."""
        able = len(self.params.hidden_sizes) == 1 and mode != "feedback" and weights.dtype == torch.float32
        if self.kernel == "fused":
            if not able:
                raise ValueError("the fused kernel counts for one layer of float32, recurrent or replica; use 'auto'")
            check_kernel("fused", weights.device.type)
            return "fused"
        return choose_kernel(weights.device.type) if self.kernel == AUTO and able else "torch"

    def _rates(self, x: Tensor, weights: Tensor, ticks: int, mode: Mode, generator: torch.Generator | None) -> Tensor:
        """Return the mean spikes of the last layer, (B, H_last), for an input (B, input_size); all is checked."""
        kernel = self._kernel(mode, weights)
        if mode != "feedback" and len(self.params.hidden_sizes) == 1:
            neuron = self.params.neuron
            if is_in_memory(x, weights) if kernel == "fused" else not is_transformed():
                return spike_rates(counter(kernel, mode, x.device.type), x, weights, ticks, neuron, generator)
            traced = fused_rates if kernel == "fused" else ticked_rates
            return traced(x, weights, ticks, neuron, generator, mode == "replica")
        if mode == "replica":
            return self._count_replicas(x, ticks, generator) / ticks
        return self._count_over_time(x, ticks, mode == "feedback", generator) / ticks

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
        states = self._rest(x.shape[0])
        outputs, states, spikes = self._tick(x, states, None, generator)
        total = spikes[-1]
        for _ in range(ticks - 1):
            outputs, states, spikes = self._tick(x, states, outputs if feed_back else None, generator)
            total = total + spikes[-1]
        return total

    def _count_replicas(self, x: Tensor, ticks: int, generator: torch.Generator | None) -> Tensor:
        """Return the last layer's number of spikes over ``ticks`` copies that take one step each, (B, H_last)."""
        batch = x.shape[0]
        _, _, spikes = self._tick(x.repeat(ticks, 1), self._rest(ticks * batch), None, generator)
        return spikes[-1].reshape(ticks, batch, spikes[-1].shape[1]).sum(0)

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
