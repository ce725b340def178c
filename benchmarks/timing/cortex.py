"""The cortex: forward and backward of its kernels beside the published way, Linear + ReLU and other libraries."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams
from chaoscl.cortex.cortex import Mode
from chaoscl.cortex.kernels import counter, installed
from chaoscl.models import ZOO
from timing import peers, reference
from timing.measure import Goal, Measured, Step, ratio, summary, take_turns

PART = "cortex"
BATCH = 128
REPEATS = 10
"""Runs in a turn: one takes fractions of a millisecond."""
PUBLISHED = "the published way"
CONTROL = "Linear + ReLU"
DRAWS = "the definition's draws alone"
"""Plain torch draws them too: the limit of what it can win."""
COUNT = "the fused count alone, no product, no autograd"
LIMIT = f"{CONTROL} and the fused count, one after the other"
"""What a fused step has to do in any case: its time is the limit of what is left to win around the count."""
_TORCH = {"recurrent": Goal("at least", 2.0), "replica": Goal("at least", 2.5)}
_FUSED = Goal("at least", 10.0)
_FUSED_MAIN = Goal("at least", 15.0)
_MAIN = ("chaos2k", "chaos4k")
_TIMES_CONTROL = Goal("at most", 4.0)
_TIMES_PEER = Goal("at least", 3.0)


@dataclass(frozen=True)
class Shape:
    """A cortex of one layer and what it is run for."""

    name: str
    inputs: int
    size: int
    ticks: int
    fail_prob: float

    def label(self, mode: str) -> str:
        """Return the shape in words."""
        return f"{self.inputs} -> {self.size}, {self.ticks} ticks, {self.fail_prob:.0%} failures, {mode}"


def shapes() -> list[Shape]:
    """Return the shapes of the zoo, and a wide one."""
    zoo = [Shape(m.name, m.embedding, m.hidden, m.ticks, m.fail_prob) for m in ZOO.values() if m.trunk == "chaos"]
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
    x = torch.rand(BATCH, shape.inputs, requires_grad=True)
    runs = _ways(shape, mode)
    others = peers.available(shape.inputs, shape.size, shape.ticks) if mode == "recurrent" else {}
    steps: dict[str, Step] = {name: partial(_once, run, x) for name, run in (runs | others).items()}
    steps[DRAWS] = partial(_draw, shape)
    if installed("cpu"):
        steps[COUNT] = _count_alone(shape, mode)
    times = take_turns(steps, rounds, repeats=REPEATS)
    label = shape.label(mode)
    rows = [summary(PART, f"{label}: {PUBLISHED}", [1e3 * one for one in times[PUBLISHED]], "ms")]
    goals = {"torch": _TORCH[mode], "fused": _FUSED_MAIN if shape.name in _MAIN and mode == "recurrent" else _FUSED}
    for kernel in _kernels():
        rows.append(
            ratio(PART, f"{label}: {kernel}", times[PUBLISHED], times[kernel], against=PUBLISHED, goal=goals[kernel])
        )
    fastest = _kernels()[-1]
    for name in (DRAWS, CONTROL):
        rows.append(ratio(PART, f"{label}: {name}", times[PUBLISHED], times[name], against=PUBLISHED))
    if COUNT in times:
        both = [a + b for a, b in zip(times[CONTROL], times[COUNT], strict=True)]
        rows.append(ratio(PART, f"{label}: {COUNT}", times[PUBLISHED], times[COUNT], against=PUBLISHED))
        rows.append(ratio(PART, f"{label}: {LIMIT}", times[PUBLISHED], both, against=PUBLISHED))
    slower = [a / b for a, b in zip(times[fastest], times[CONTROL], strict=True)]
    rows.append(summary(PART, f"{label}: {fastest}", slower, "times the time", against=CONTROL, goal=_TIMES_CONTROL))
    if others:
        best = min(others, key=lambda name: sorted(times[name])[rounds // 2])
        against = f"{best}, the fastest of {len(others)} peers"
        rows.append(ratio(PART, f"{label}: {fastest}", times[best], times[fastest], against=against, goal=_TIMES_PEER))
    return rows


def _evaluation(shape: Shape, rounds: int) -> list[Measured]:
    """Return how replicas are counted without a gradient, where the fused kernel draws them in one go."""
    x = torch.rand(BATCH, shape.inputs)
    ways = _ways(shape, "replica")
    steps: dict[str, Step] = {name: partial(_without_gradient, run, x) for name, run in ways.items()}
    times = take_turns(steps, rounds, repeats=REPEATS)
    fastest = _kernels()[-1]
    case = f"{shape.label('replica')}, evaluation: {fastest}"
    return [ratio(PART, case, times[PUBLISHED], times[fastest], against=PUBLISHED)]


def _kernels() -> list[str]:
    return ["torch", "fused"] if installed("cpu") else ["torch"]


def _ways(shape: Shape, mode: Mode) -> dict[str, Callable[[Tensor], Tensor]]:
    params = CortexParams(shape.inputs, [shape.size], ChaosNeuronParams(fail_prob=shape.fail_prob))
    loop = reference.over_time if mode == "recurrent" else reference.replicas
    ways: dict[str, Callable[[Tensor], Tensor]] = {
        PUBLISHED: partial(loop, ChaosCortex(params), ticks=shape.ticks),
        CONTROL: nn.Sequential(nn.Linear(shape.inputs, shape.size), nn.ReLU()),
    }
    for kernel in _kernels():
        ways[kernel] = partial(ChaosCortex(params, kernel).integrate, ticks=shape.ticks, mode=mode)
    return ways


def _draw(shape: Shape) -> None:
    for draw in (torch.randn, torch.rand):
        draw(shape.ticks, BATCH, shape.size)


def _count_alone(shape: Shape, mode: Mode) -> Step:
    current = torch.rand(BATCH, shape.size)
    count = counter("fused", mode, "cpu")
    params = ChaosNeuronParams(fail_prob=shape.fail_prob)
    return lambda: count(current, shape.ticks, params, None, True)


def _once(run: Callable[[Tensor], Tensor], x: Tensor) -> None:
    run(x).sum().backward()


def _without_gradient(run: Callable[[Tensor], Tensor], x: Tensor) -> None:
    with torch.no_grad():
        run(x)
