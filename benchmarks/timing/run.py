"""The command that measures every part of the suite, prints the table and writes it."""

import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaoscl.cli import listed

if TYPE_CHECKING:
    from timing.measure import Measured

FOLDER = Path("results/speed")


def speed(
    parts: Annotated[str, typer.Option(help="Parts, separated by commas, or all.")] = "all",
    rounds: Annotated[int, typer.Option(help="Timed rounds of each part; 0 for what suits it.")] = 0,
    out: Annotated[Path, typer.Option(help="Results folder.")] = FOLDER,
) -> None:
    """Time every part, one thread, print the table, and write speed.csv, machine.json and a figure."""
    import torch
    from rich.console import Console

    from chaoscl.errors import UserError, unknown
    from chaoscl.evaluation import schema
    from chaoscl.files import check_writable, storage_errors, write_atomic
    from chaoscl.reports.figures import save
    from chaoscl.reports.tables import rich_table
    from timing import peers
    from timing.report import SPEED, speed_figure, speed_frame, speed_table

    known = _parts()
    chosen = list(known) if parts == "all" else listed(parts)
    for part in chosen:
        if part not in known:
            raise unknown("part", part, known)
    if not chosen or rounds < 0:
        raise UserError("name at least one part with --parts, and give --rounds 1 or more, or 0 for what suits each")
    check_writable(out)
    remarks = Console(stderr=True)
    if "cortex" in chosen and peers.missing():
        remarks.print(f"not compared, because not installed: {', '.join(peers.missing())} (the extra 'peers')")
    torch.set_num_threads(1)
    measured = {}
    for part in chosen:
        remarks.print(f"measuring {part} ...", highlight=False)
        measure, usual = known[part]
        measured[part] = measure(rounds or usual)
    frame = speed_frame(measured)
    with storage_errors("the timings", out, "free some space or give another folder with --out"):
        write_atomic(out / SPEED.name, schema.to_csv(frame, SPEED))
        write_atomic(out / "machine.json", json.dumps(_machine(), indent=2) + "\n")
        save(speed_figure(frame, "Speed beside its goals"), out / "speed.svg")
        write_atomic(out / "command.txt", f"python benchmarks/speed.py --parts {parts} --rounds {rounds}\n")
    Console().print(rich_table(speed_table(frame), "Median (quartiles); one thread; ratios of paired rounds"))
    remarks.print(f"written to {out}", soft_wrap=True, highlight=False)


def _parts() -> "dict[str, tuple[Callable[[int], list[Measured]], int]]":
    """Return for each part the function that measures it, and its rounds: the shorter a measurement, the more."""
    from timing import batched_fetch, cortex, encoder, growth, memory, startup

    return {
        "cortex": (cortex.measure, 30),
        "encoder": (encoder.measure, 20),
        "batched-fetch": (batched_fetch.measure, 7),
        "growth": (growth.measure, 3),
        "memory": (memory.measure, 1),
        "start-up": (startup.measure, 5),
    }


def _machine() -> dict[str, Any]:
    """Return what the timings hold for: processor, cores, versions."""
    from chaoscl.runs.provenance import computing_versions, environment, installed_versions
    from timing.peers import PEERS

    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    extras = installed_versions(("numba", *PEERS))
    return {"processor": model, "cores": os.cpu_count(), **computing_versions(), **environment(), **extras}
