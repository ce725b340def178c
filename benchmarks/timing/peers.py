"""The same shape in other libraries for spiking networks, where they are installed (the extra ``peers``).

A linear layer and leaky integrate-and-fire neurons over a number of ticks, mean spikes out: the simplest neuron of
each library, which draws neither noise nor failures and so has less to do than the cortex.
"""

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from chaoscl.errors import UserError

Peer = Callable[[Tensor], Tensor]


def available(inputs: int, size: int, ticks: int) -> dict[str, Peer]:
    """Return, for each peer that is installed, a function from (B, inputs) to mean spikes (B, size).

    Raises:
        UserError: one is installed and cannot be imported.
    """
    made = {}
    for name, make in PEERS.items():
        if find_spec(name) is None:
            continue
        try:
            made[name] = _behind_linear(nn.Linear(inputs, size, bias=False), make(ticks))
        except ImportError as error:
            raise UserError(f"{name} cannot be imported ({error}); install the extra 'peers', or remove it") from error
    return made


def missing() -> list[str]:
    """Return the peers that are not installed."""
    return [name for name in PEERS if find_spec(name) is None]


def _snntorch(ticks: int) -> Peer:
    import snntorch

    neurons = snntorch.Leaky(beta=0.98, threshold=0.5)
    return lambda current: _tick_by_tick(neurons, neurons.init_leaky(), current, ticks)


def _norse(ticks: int) -> Peer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its import uses what torch has deprecated
        import norse.torch as norse

    neurons = norse.LIFBoxCell()
    return lambda current: _tick_by_tick(neurons, None, current, ticks)


def _spikingjelly(ticks: int) -> Peer:
    from spikingjelly.activation_based import functional, neuron

    neurons = neuron.LIFNode(tau=50.0, v_threshold=0.5, step_mode="m")

    def run(current: Tensor) -> Tensor:
        functional.reset_net(neurons)
        return neurons(current.expand(ticks, -1, -1)).mean(0)

    return run


PEERS = {"snntorch": _snntorch, "norse": _norse, "spikingjelly": _spikingjelly}


def _behind_linear(linear: nn.Linear, neurons: Peer) -> Peer:
    return lambda x: neurons(linear(x))


def _tick_by_tick(neurons: Any, state: Any, current: Tensor, ticks: int) -> Tensor:
    """Return the mean spikes of neurons that are called once a tick with their input and their state."""
    total = torch.zeros(())
    for _ in range(ticks):
        spikes, state = neurons(current, state)
        total = total + spikes
    return total / ticks
