"""The same shape in other libraries for spiking networks, where they are installed (the extra ``peers``).

A linear layer and leaky integrate-and-fire neurons over a number of ticks, mean spikes out: the simplest neuron of
each library, which draws neither noise nor failures and so has less to do than the cortex.
"""

import warnings
from collections.abc import Callable
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from chaoscl.errors import UserError

Peer = Callable[[Tensor], Tensor]


def available(inputs: int, size: int, ticks: int) -> dict[str, Peer]:
    """Return, for each peer that is installed, a function from (B, inputs) to mean spikes (B, size).

    Raises:
        UserError: one is installed and cannot be imported.
    """
    makers = {"snntorch": _snntorch, "norse": _norse, "spikingjelly": _spikingjelly}
    made = {}
    for name, make in makers.items():
        if find_spec(name) is not None:
            try:
                made[name] = make(inputs, size, ticks)
            except ImportError as error:
                raise UserError(
                    f"{name} cannot be imported ({error}); install the extra 'peers', or remove it"
                ) from error
    return made


def missing() -> list[str]:
    """Return the peers that are not installed."""
    return [name for name in ("snntorch", "norse", "spikingjelly") if find_spec(name) is None]


def _snntorch(inputs: int, size: int, ticks: int) -> Peer:
    import snntorch

    linear = nn.Linear(inputs, size, bias=False)
    neurons = snntorch.Leaky(beta=0.98, threshold=0.5)

    def run(x: Tensor) -> Tensor:
        current = linear(x)
        state, total = neurons.init_leaky(), torch.zeros(())
        for _ in range(ticks):
            spikes, state = neurons(current, state)
            total = total + spikes
        return total / ticks

    return run


def _norse(inputs: int, size: int, ticks: int) -> Peer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its import uses what torch has deprecated
        import norse.torch as norse

    linear = nn.Linear(inputs, size, bias=False)
    neurons = norse.LIFBoxCell()

    def run(x: Tensor) -> Tensor:
        current = linear(x)
        state, total = None, torch.zeros(())
        for _ in range(ticks):
            spikes, state = neurons(current, state)
            total = total + spikes
        return total / ticks

    return run


def _spikingjelly(inputs: int, size: int, ticks: int) -> Peer:
    from spikingjelly.activation_based import functional, neuron

    linear = nn.Linear(inputs, size, bias=False)
    neurons = neuron.LIFNode(tau=50.0, v_threshold=0.5, step_mode="m")

    def run(x: Tensor) -> Tensor:
        functional.reset_net(neurons)
        return neurons(linear(x).expand(ticks, -1, -1)).mean(0)

    return run
