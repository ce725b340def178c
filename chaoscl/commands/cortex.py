"""``chaoscl plot cortex``: spike raster, membrane traces, firing rates and an animated GIF of a cortex."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chaoscl.config import RunConfig
    from chaoscl.cortex.recording import Recording
    from chaoscl.reports.figures.cortex import Traces

NEURONS, INPUTS, TICKS = 64, 16, 40
"""Of an untrained cortex, where nothing else is asked for."""


def plot_cortex(
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    stream: Annotated[str, typer.Option(help="Train on this stream first; without it the cortex is untrained.")] = "",
    model: Annotated[str, typer.Option(help="With --stream: model, also with changes.")] = "chaos2k",
    baseline: Annotated[str, typer.Option(help="With --stream: how it is trained.")] = "naive",
    recipe: Annotated[str, typer.Option(help="With --stream: standard, quick, short or online.")] = "standard",
    data: Annotated[str | None, typer.Option(help="With --stream: official, mirror or embedded (generated).")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Folder of a mirror; CHAOSCL_DATA names one too.")] = None,
    neurons: Annotated[int | None, typer.Option(min=1, help="Untrained: neurons of the one layer.")] = None,
    inputs: Annotated[int | None, typer.Option(min=1, help="Untrained: width of the input.")] = None,
    ticks: Annotated[int | None, typer.Option(min=1, help="Untrained: ticks to record.")] = None,
    mode: Annotated[str, typer.Option(help="Untrained: recurrent or feedback.")] = "recurrent",
    seed: Annotated[int, typer.Option(min=0, help="Of the weights, the input, the order and the noise.")] = 0,
) -> None:
    """Record a cortex and draw it: trained, on a test sample of each task, or untrained, on one random input."""
    from rich.console import Console

    from chaoscl.config import RunConfig
    from chaoscl.errors import UserError
    from chaoscl.files import check_writable

    if mode not in ("recurrent", "feedback"):
        raise UserError(f"--mode {mode} cannot be recorded; give recurrent or feedback, which have time in them")
    if stream and (neurons, inputs, ticks) != (None, None, None):
        raise UserError("--neurons, --inputs and --ticks are for an untrained cortex; leave them out with --stream")
    if stream:
        config = RunConfig(
            stream, (model,), (baseline,), 1, recipe=recipe, kernel="torch", data=data, data_dir=data_dir
        )
        traces = _trained(config, seed, out)
    else:
        check_writable(out)
        traces = {"": _untrained(neurons or NEURONS, inputs or INPUTS, ticks or TICKS, mode, seed)}
    for task, recorded in traces.items():
        _draw(recorded, out / task)
    Console().print(f"written to {out}", soft_wrap=True, highlight=False)


def _trained(config: "RunConfig", seed: int, out: Path) -> "dict[str, Traces]":
    from dataclasses import replace

    from rich.console import Console

    from chaoscl.api import prepare_data, print_data_remarks
    from chaoscl.config import build_sweep
    from chaoscl.files import check_writable
    from chaoscl.runs.recordings import check_recordable, trained_recordings
    from chaoscl.runs.results import data_kind
    from chaoscl.streams import check_rows

    sweep = build_sweep(config)
    spec = replace(sweep.specs[0], seed=seed)
    check_recordable(spec)
    check_writable(out)
    remarks = Console(stderr=True)
    bank = prepare_data(sweep.stream.data.values(), sweep.source, remarks)
    check_rows(spec.stream, bank, [spec.seed])
    print_data_remarks(bank, remarks)
    embedded = ", EMBEDDED data" if data_kind(bank) == "embedded" else ""
    baseline, stream, model = spec.baseline.name, spec.stream.name, spec.model.name
    remarks.print(f"training {model} on {stream} under {baseline} ...", highlight=False)
    recordings = trained_recordings(spec, bank)
    said = f"{baseline} after {stream}, {model}, seed {seed}{embedded}"
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
