"""Time the core of each model of the zoo on this machine: the cortex' three dynamics beside Linear + ReLU.

python benchmarks/speed.py
"""

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from chaoscl.cli import run_command


def median_seconds(steps: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Return the median time of each step; the steps take turns, so that a drift of the machine hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds + 1):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values[1:]) for name, values in times.items()}


def speed(
    batch: Annotated[int, typer.Option(help="Samples in a batch.")] = 128,
    rounds: Annotated[int, typer.Option(help="Timed rounds; the median is shown.")] = 30,
) -> None:
    """Time forward and backward of each core, one thread, and print milliseconds and the ratio to Linear + ReLU."""
    import torch
    from pandas import DataFrame
    from rich.console import Console

    from chaoscl.cortex import MODES, ChaosCortex, ChaosNeuronParams, CortexParams
    from chaoscl.models import ZOO, counterpart
    from chaoscl.models.trunks import MLPTrunk
    from chaoscl.reports.tables import rich_table

    def once(core: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor) -> None:
        core(inputs).sum().backward()

    torch.set_num_threads(1)
    rows = []
    for name, spec in ZOO.items():
        if spec.trunk != "chaos":
            continue
        inputs = torch.rand(batch, spec.embedding, requires_grad=True)
        neuron = ChaosNeuronParams(fail_prob=spec.fail_prob)
        cortex = ChaosCortex(CortexParams(spec.embedding, [spec.hidden], neuron))
        cores: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
            counterpart(name): MLPTrunk(spec.embedding, spec.hidden),
            **{mode: partial(cortex.integrate, ticks=spec.ticks, mode=mode) for mode in MODES},
        }
        medians = median_seconds({core: partial(once, run, inputs) for core, run in cores.items()}, rounds)
        control = medians[counterpart(name)]
        rows += [
            {"model": name, "core": core, "ms": f"{1e3 * seconds:.2f}", "times MLP": f"{seconds / control:.1f}"}
            for core, seconds in medians.items()
        ]
    Console().print(rich_table(DataFrame(rows), f"Forward + backward, batch {batch}, one thread, median of {rounds}"))


if __name__ == "__main__":
    sys.exit(run_command(speed))
