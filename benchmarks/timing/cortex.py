"""The cortex: forward and backward of its kernels beside the reference implementation, Linear + ReLU and peers."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams
from chaoscl.cortex.cortex import Mode
from chaoscl.cortex.kernels import counter, installed
from timing import peers, reference
from timing.measure import Goal, Measured, Step, ratios, scaled, take_turns
from timing.setup import chaos_models

BATCH = 128
REPEATS = 10
"""Runs in a turn: one takes fractions of a millisecond."""
CONTROL = "Linear + ReLU"
DRAWS = "the definition's draws alone"
"""Plain torch draws them too: the limit of what it can win."""
COUNT = "the fused count alone, no product, no autograd"
LIMIT = f"{CONTROL} and the fused count, one after the other"
"""A fused step does at least this much: its time is the limit of what is left to win around the count."""
MAIN = ("chaos2k", "chaos4k")
_TORCH = {"recurrent": Goal("at least", 2.0), "replica": Goal("at least", 2.5)}
_FUSED, _FUSED_MAIN = Goal("at least", 10.0), Goal("at least", 15.0)
_TIMES_CONTROL = Goal("at most", 4.0)
_TIMES_PEER = Goal("at least", 3.0)


@dataclass(frozen=True)
class Shape:
    """A cortex of one layer and how it is run."""

    name: str
    inputs: int
    size: int
    ticks: int
    fail_prob: float

    def label(self, mode: str) -> str:
        """Return the shape in words."""
        return f"{self.inputs} -> {self.size}, {self.ticks} ticks, {self.fail_prob:.0%} failures, {mode}"

    def neuron(self) -> ChaosNeuronParams:
        """Return the parameters of its neurons."""
        return ChaosNeuronParams(fail_prob=self.fail_prob)


def shapes() -> list[Shape]:
    """Return the shapes of the zoo, and a wide one."""
    zoo = [Shape(m.name, m.embedding, m.hidden, m.ticks, m.fail_prob) for m in chaos_models()]
    return [*zoo, Shape("wide", 128, 512, 5, 0.5)]


def measure(rounds: int) -> list[Measured]:
    """Return the ratios of every shape and mode, batch 128, one thread, the kernels that are installed."""
    rows = []
    for shape in shapes():
        rows += _training(shape, "recurrent", rounds)
        rows += _training(shape, "replica", rounds)
        rows += _evaluation(shape, rounds)
    return rows


def _training(shape: Shape, mode: Mode, rounds: int) -> list[Measured]:
    """Return the times of forward and backward, and of what bounds them from below."""
    x = torch.rand(BATCH, shape.inputs, requires_grad=True)
    others = peers.available(shape.inputs, shape.size, shape.ticks) if mode == "recurrent" else {}
    forwards = _forwards(shape, mode) | others
    steps: dict[str, Step] = {name: partial(_forward_backward, run, x) for name, run in forwards.items()}
    steps[DRAWS] = partial(_draw, shape)
    if installed("cpu"):
        steps[COUNT] = _count_alone(shape, mode)
    times = take_turns(steps, rounds, repeats=REPEATS)
    if COUNT in times:
        times[LIMIT] = [a + b for a, b in zip(times[CONTROL], times[COUNT], strict=True)]
    label, slow = shape.label(mode), times[reference.NAME]
    main = shape.name in MAIN and mode == "recurrent"
    goals = {"torch": _TORCH[mode], "fused": _FUSED_MAIN if main else _FUSED}
    rows = [Measured(f"{label}: {reference.NAME}", scaled(slow, 1e3), "ms")]
    for name in (*_kernels(), DRAWS, CONTROL, COUNT, LIMIT):
        if name in times:
            faster = ratios(slow, times[name])
            rows.append(Measured(f"{label}: {name}", faster, "times as fast", reference.NAME, goals.get(name)))
    fastest = _kernels()[-1]
    slower = ratios(times[fastest], times[CONTROL])
    rows.append(Measured(f"{label}: {fastest}", slower, "times the time", CONTROL, _TIMES_CONTROL))
    if others:
        best = min(others, key=lambda name: statistics.median(times[name]))
        against = f"{best}, the fastest of {len(others)} peers"
        faster = ratios(times[best], times[fastest])
        rows.append(Measured(f"{label}: {fastest}", faster, "times as fast", against, _TIMES_PEER))
    return rows


def _evaluation(shape: Shape, rounds: int) -> list[Measured]:
    """Return how replicas are counted without a gradient, where the fused kernel draws them in one go."""
    x = torch.rand(BATCH, shape.inputs)
    forwards = _forwards(shape, "replica")
    times = take_turns({name: partial(_forward, run, x) for name, run in forwards.items()}, rounds, repeats=REPEATS)
    fastest = _kernels()[-1]
    case = f"{shape.label('replica')}, evaluation: {fastest}"
    return [Measured(case, ratios(times[reference.NAME], times[fastest]), "times as fast", reference.NAME)]


def _kernels() -> list[str]:
    return ["torch", "fused"] if installed("cpu") else ["torch"]


def _forwards(shape: Shape, mode: Mode) -> dict[str, Callable[[Tensor], Tensor]]:
    """Return the functions from (B, inputs) to mean spikes (B, size): reference implementation, control, kernels."""
    params = CortexParams(shape.inputs, [shape.size], shape.neuron())
    loop = reference.over_time if mode == "recurrent" else reference.replicas
    return {
        reference.NAME: partial(loop, ChaosCortex(params), ticks=shape.ticks),
        CONTROL: nn.Sequential(nn.Linear(shape.inputs, shape.size), nn.ReLU()),
        **{name: partial(ChaosCortex(params, name).integrate, ticks=shape.ticks, mode=mode) for name in _kernels()},
    }


def _draw(shape: Shape) -> None:
    for draw in (torch.randn, torch.rand):
        draw(shape.ticks, BATCH, shape.size)


def _count_alone(shape: Shape, mode: Mode) -> Step:
    current = torch.rand(BATCH, shape.size)
    return partial(counter("fused", mode, "cpu"), current, shape.ticks, shape.neuron(), None, True)


def _forward_backward(run: Callable[[Tensor], Tensor], x: Tensor) -> None:
    run(x).sum().backward()


def _forward(run: Callable[[Tensor], Tensor], x: Tensor) -> None:
    with torch.no_grad():
        run(x)
