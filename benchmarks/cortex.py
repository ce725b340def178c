"""Draw what a cortex does: spike raster, membrane traces, firing rates and an animated GIF.

python benchmarks/cortex.py --out build/cortex
python benchmarks/cortex.py --out build/cortex --neurons 256 --ticks 60 --mode feedback
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from chaoscl.cli import run_command


def cortex(
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    neurons: Annotated[int, typer.Option(min=1, help="Neurons of the one layer.")] = 64,
    inputs: Annotated[int, typer.Option(min=1, help="Width of the input.")] = 16,
    ticks: Annotated[int, typer.Option(min=1, help="Ticks to record.")] = 40,
    mode: Annotated[str, typer.Option(help="recurrent or feedback.")] = "recurrent",
    seed: Annotated[int, typer.Option(help="Of the weights, the input and the noise.")] = 0,
) -> None:
    """Record an untrained cortex on one standard-normal input and draw it; nothing of it was learned."""
    import torch
    from rich.console import Console

    from chaoscl.cortex import ChaosCortex, CortexParams
    from chaoscl.cortex.recording import record
    from chaoscl.errors import UserError
    from chaoscl.files import storage_errors
    from chaoscl.reports.figures import save, write_whole
    from chaoscl.reports.figures.cortex import CORTEX_FIGURES, Traces, animation

    if mode not in ("recurrent", "feedback"):
        raise UserError(f"--mode {mode} cannot be recorded; give recurrent or feedback, which have time in them")
    torch.manual_seed(seed)
    network = ChaosCortex(CortexParams(inputs, [neurons]))
    recording = record(network, torch.randn(1, inputs), ticks, "feedback" if mode == "feedback" else "recurrent")
    traces = Traces(
        recording.spikes[0][:, 0].numpy(),
        recording.potentials[0][:, 0].numpy(),
        network.params.neuron.threshold,
        f"untrained cortex, {neurons} neurons, {mode}, seed {seed}",
    )
    with storage_errors("the figures", out, "free some space or give another folder with --out"):
        for name, draw in CORTEX_FIGURES.items():
            figure = draw(traces)
            for ending in ("svg", "png"):
                save(figure, out / f"{name}.{ending}")
        write_whole(animation(traces), out / "cortex.gif")
    Console().print(f"written to {out}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    sys.exit(run_command(cortex))
