"""Draw what a cortex does: spike raster, membrane traces, firing rates and an animated GIF.

python benchmarks/cortex.py --out build/cortex --stream text-image --model chaos2k
python benchmarks/cortex.py --out build/cortex --neurons 256 --ticks 60 --mode feedback
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaoscl.cli import run_command

if TYPE_CHECKING:
    from chaoscl.cortex.recording import Recording
    from chaoscl.main_job import Request
    from chaoscl.reports.figures.cortex import Traces

NEURONS, INPUTS, TICKS = 64, 16, 40
"""Of an untrained cortex, where nothing else is asked for."""


def cortex(
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    stream: Annotated[str, typer.Option(help="Train on this stream first; without it the cortex is untrained.")] = "",
    model: Annotated[str, typer.Option(help="With --stream: model of the zoo.")] = "chaos2k",
    baseline: Annotated[str, typer.Option(help="With --stream: how it is trained.")] = "naive",
    recipe: Annotated[str, typer.Option(help="With --stream: standard, quick, short or online.")] = "standard",
    data: Annotated[str | None, typer.Option(help="With --stream: official, mirror or embedded (generated).")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Folder of a mirror; CHAOSCL_DATA names one too.")] = None,
    neurons: Annotated[int | None, typer.Option(min=1, help="Untrained: neurons of the one layer.")] = None,
    inputs: Annotated[int | None, typer.Option(min=1, help="Untrained: width of the input.")] = None,
    ticks: Annotated[int | None, typer.Option(min=1, help="Untrained: ticks to record.")] = None,
    mode: Annotated[str, typer.Option(help="recurrent or feedback.")] = "recurrent",
    seed: Annotated[int, typer.Option(min=0, help="Of the weights, the input, the order and the noise.")] = 0,
) -> None:
    """Record a cortex and draw it: trained, on a test sample of each task, or untrained, on one random input."""
    from rich.console import Console

    from chaoscl.errors import UserError
    from chaoscl.files import check_writable
    from chaoscl.main_job import Request

    if mode not in ("recurrent", "feedback"):
        raise UserError(f"--mode {mode} cannot be recorded; give recurrent or feedback, which have time in them")
    if stream and (neurons, inputs, ticks) != (None, None, None):
        raise UserError("--neurons, --inputs and --ticks are for an untrained cortex; leave them out with --stream")
    if stream:
        request = Request(
            stream, model, (baseline,), 1, recipe=recipe, mode=mode, kernel="torch", data=data, data_dir=data_dir
        )
        traces = _trained(request, seed, out)
    else:
        check_writable(out)
        traces = {"": _untrained(neurons or NEURONS, inputs or INPUTS, ticks or TICKS, mode, seed)}
    for task, recorded in traces.items():
        _draw(recorded, out / task)
    Console().print(f"written to {out}", soft_wrap=True, highlight=False)


def _trained(request: "Request", seed: int, out: Path) -> "dict[str, Traces]":
    from dataclasses import replace

    from rich.console import Console

    from chaoscl.files import check_writable
    from chaoscl.main_job import check, prepare_data, print_data_remarks
    from chaoscl.runs.baseline import load_baseline
    from chaoscl.runs.recordings import check_recordable, trained_recordings
    from chaoscl.runs.results import data_kind
    from chaoscl.streams import check_rows, find_stream

    specs, folder = check(request)
    spec, how = replace(specs[0], seed=seed), load_baseline(request.baselines[0], folder)
    check_recordable(spec, how)
    check_writable(out)
    remarks = Console(stderr=True)
    bank = prepare_data(request, remarks)
    check_rows(find_stream(spec.stream), bank, [spec.seed])
    print_data_remarks(bank, remarks)
    embedded = ", EMBEDDED data" if data_kind(bank) == "embedded" else ""
    remarks.print(f"training {spec.model} on {spec.stream} under {spec.baseline} ...", highlight=False)
    recordings = trained_recordings(spec, how, bank)
    said = f"{spec.baseline} after {spec.stream}, {spec.model}, {spec.options.mode}, seed {seed}{embedded}"
    return {task: _traces(one, f"{said}\ntest sample of {task}") for task, one in recordings.items()}


def _untrained(neurons: int, inputs: int, ticks: int, mode: str, seed: int) -> "Traces":
    import torch

    from chaoscl.cortex import ChaosCortex, CortexParams
    from chaoscl.cortex.recording import record

    torch.manual_seed(seed)
    network = ChaosCortex(CortexParams(inputs, [neurons]))
    recording = record(network, torch.randn(1, inputs), ticks, "feedback" if mode == "feedback" else "recurrent")
    return _traces(recording, f"untrained cortex, {neurons} neurons, {mode}, seed {seed}")


def _traces(recording: "Recording", title: str) -> "Traces":
    from chaoscl.reports.figures.cortex import Traces

    spikes, potentials = (values[-1][:, 0].numpy() for values in (recording.spikes, recording.potentials))
    return Traces(spikes, potentials, recording.threshold, title)


def _draw(traces: "Traces", out: Path) -> None:
    from chaoscl.files import storage_errors
    from chaoscl.reports.figures import save, write_whole
    from chaoscl.reports.figures.cortex import CORTEX_FIGURES, animation

    with storage_errors("the figures", out, "free some space or give another folder with --out"):
        for name, draw in CORTEX_FIGURES.items():
            figure = draw(traces)
            for ending in ("svg", "png"):
                save(figure, out / f"{name}.{ending}")
        write_whole(animation(traces), out / "cortex.gif")


if __name__ == "__main__":
    sys.exit(run_command(cortex))
