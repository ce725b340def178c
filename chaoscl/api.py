"""The main job, from options to tables: check, prepare data, run what is missing, aggregate, show."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from chaoscl.cli import BASELINES, listed
from chaoscl.config import RunConfig, Sweep, build_sweep
from chaoscl.data import Bank, Dataset, Source, prepare
from chaoscl.data.dataset import GENERATED
from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.stored import RUNS_FOLDER, is_finished
from chaoscl.files import check_writable, storage_errors
from chaoscl.models import Model
from chaoscl.reports.progress import SweepProgress
from chaoscl.reports.tables import terminal_tables
from chaoscl.runs.baseline import Baseline
from chaoscl.runs.provenance import code_hash
from chaoscl.runs.recipes import SEARCHED, Recipe
from chaoscl.runs.results import Held, check_folder, check_shared, data_kind, write_aggregates
from chaoscl.runs.spec import RunSpec
from chaoscl.runs.store import stored
from chaoscl.runs.sweep import Failure, Job, plan_jobs, run_jobs, unfinished
from chaoscl.streams import GIVEN, Stream, check_rows

WANDB_MODES = ("off", "offline", "online")
_CHANGED = "a baseline's file, a package, the kernel or what a name stands for has changed"


@dataclass(frozen=True)
class Output:
    """What is done with the runs of a sweep; nothing of it changes a number.

    Attributes:
        out: results folder; None for one named by the options.
        jobs: runs at a time.
        wandb: ``off``, ``offline`` or ``online``.
        tensorboard: folder of logs for TensorBoard; None for none.
        force: run finished runs again.
    """

    out: str | None = None
    jobs: int = 1
    wandb: str = "off"
    tensorboard: str | None = None
    force: bool = False

    def __post_init__(self) -> None:
        if self.wandb not in WANDB_MODES:
            raise UserError(f"unknown --wandb '{self.wandb}'; there are: {', '.join(WANDB_MODES)}")
        if self.jobs < 1:
            raise UserError(f"--jobs {self.jobs}: give 1 or more, or 0 for one a core")


def run(
    stream: str | Stream = "text-image",
    model: str | Model | Sequence[str | Model] = "chaos2k",
    baselines: Iterable[str | Baseline] = listed(BASELINES),
    seeds: int = 3,
    *,
    recipe: str | Recipe = "standard",
    out: str | Path,
    jobs: int = 1,
    force: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Train a model on a stream under several baselines, over seeds, and write a results folder.

    Args:
        stream: a name, an expression, or a Stream.
        model: a name, a name with changes, a Model, or several of them.
        baselines: names or Baselines; the first is what the others are compared with.
        seeds: number of seeds: 0, 1, ...
        recipe: a name, a name with changes, or a Recipe.
        out: results folder; finished runs in it are not run again.
        jobs: runs at a time, each in a process of its own if there are several.
        force: run finished runs again.
        options: further fields of chaoscl.config.RunConfig, such as ``scenario``, ``hyper`` or ``data_dir``.

    Returns:
        The aggregates as data frames, by file name, such as ``summary.csv``.

    Raises:
        UserError: an option, the data or the disk does not allow it, or a run failed.
    """
    models = (model,) if isinstance(model, str | Model) else tuple(model)
    config = RunConfig(stream, models, tuple(baselines), seeds, recipe=recipe, **options)
    frames, failures = run_sweep(build_sweep(config), Output(str(out), jobs, force=force))
    if failures:
        raise UserError(f"{len(failures)} runs failed, the others are in {out}: {failures[0]}")
    return frames


def execute(config: RunConfig, output: Output) -> int:
    """Run a sweep and show its tables. Tables go to stdout; progress and remarks to stderr.

    Returns:
        Exit status: 0, or 1 if a run failed.

    Raises:
        UserError: an option, the data or the disk does not allow it.
    """
    sweep = build_sweep(config)
    frames, failures = run_sweep(sweep, output)
    console = Console()
    if len(frames[schema.SUMMARY.name]):
        for table in terminal_tables(frames):
            console.print(table)
        for note in _baseline_notes(sweep, frames):
            console.print(note, soft_wrap=True, highlight=False)
    if "embedded" in set(frames[schema.DATA.name]["source"]):
        console.print("EMBEDDED data: generated stand-ins, not the real data sets. Not for comparison with any result.")
    for line in failures:
        sys.stderr.write(f"failed: {line}\n")
    return 1 if failures else 0


def _baseline_notes(sweep: Sweep, frames: dict[str, Any]) -> list[str]:
    """Return a line for each of the sweep's baselines that is in the tables and has a note."""
    shown = set(frames[schema.SUMMARY.name]["baseline"])
    return [f"{one.name}: {one.note}" for one in sweep.baselines if one.name in shown and one.note]


def run_sweep(sweep: Sweep, output: Output) -> tuple[dict[str, Any], list[str]]:
    """Prepare data, run what is missing, write the aggregates. Remarks go to stderr.

    Returns:
        The aggregates by file name, and a line for each run that failed.

    Raises:
        UserError: the data or the disk does not allow it.
    """
    if output.wandb == "online":
        from chaoscl.reports.wandb_log import check_login

        check_login()
    remarks = Console(stderr=True)
    if remark := _device_remark(sweep.config.device):
        remarks.print(remark, soft_wrap=True, highlight=False)
    bank = prepare_data(sweep.stream.data.values(), sweep.source, remarks)
    check_rows(sweep.stream, bank, range(sweep.config.seeds))
    out = Path(output.out) if output.out else sweep.default_out(data_kind(bank))
    check_folder(out, data_kind(bank))
    jobs = plan_jobs(sweep.specs, bank, out / RUNS_FOLDER)
    held = check_shared(out, jobs, bank)
    check_writable(out)
    print_data_remarks(bank, remarks)
    for line in _schedule_remarks(sweep):
        remarks.print(line, soft_wrap=True, highlight=False)
    failures = _run(sweep, output, jobs, held, bank, remarks)
    with storage_errors("the aggregates", out, "free some space or give another folder with --out"):
        frames = write_aggregates(out, jobs, failures, bank, sweep.command)
    _log(output, [job for number, job in enumerate(jobs) if number not in failures], out, remarks)
    remarks.print(f"written to {out}", soft_wrap=True, highlight=False)
    lines = [
        f"{_name(jobs[number].spec)}: {failure.message} (details: {failure.details})"
        for number, failure in failures.items()
    ]
    return frames, lines


def _schedule_remarks(sweep: Sweep) -> list[str]:
    """Return a line for each data set whose schedule in a searched recipe no search has found."""
    if sweep.recipe.name.partition(":")[0] not in SEARCHED:
        return []
    return [
        f"{name}: no search has found how long it must be trained; {sweep.recipe.name} uses {data.schedule.epochs}"
        f" epochs at {data.schedule.max_lr:g}, --recipe {sweep.recipe.name}:epochs=...,max_lr=... uses others"
        for name, data in sweep.stream.data.items()
        if not data.schedule.searched and data.source != GENERATED
    ]


def _device_remark(name: str) -> str | None:
    """Return a line about a CUDA device that is there and not used, if nothing was said about it."""
    import torch

    if name == "auto" and torch.cuda.is_available():
        return "a CUDA device is there and not used: published results are the CPU's; --device cuda uses it"
    return None


def prepare_data(datasets: Iterable[Dataset], source: Source, remarks: Console) -> Bank:
    """Return data sets, prepared."""
    if not remarks.is_terminal:
        return Bank([prepare(dataset, source) for dataset in datasets])
    with remarks.status("looking for data") as status:
        return Bank([prepare(dataset, source, report=status.update) for dataset in datasets])


def print_data_remarks(bank: Bank, remarks: Console) -> None:
    """Print what was done to the rows of each data set, and what in them weakens a task."""
    for dataset in bank.datasets:
        for remark in dataset.remarks:
            remarks.print(f"{dataset.card.name}: {remark}", markup=False, highlight=False, soft_wrap=True)


def _log(output: Output, finished: Sequence[Job], out: Path, remarks: Console) -> None:
    """Log the finished runs where the request says so; only those whose raw folders are there can be."""
    if output.wandb == "off" and output.tensorboard is None:
        return
    runs = [stored(job.folder) for job in finished if is_finished(job.folder)]
    if len(runs) < len(finished):
        remarks.print(f"{len(finished) - len(runs)} runs without a raw folder are not logged; --force runs them again")
    if output.wandb != "off":
        from chaoscl.reports.wandb_log import log_runs

        log_runs(runs, output.wandb, out)  # type: ignore[arg-type]
    if output.tensorboard is not None:
        from chaoscl.reports import tensorboard_log

        tensorboard_log.log_runs(runs, Path(output.tensorboard))


def _run(
    sweep: Sweep, output: Output, jobs: Sequence[Job], held: Held, bank: Bank, remarks: Console
) -> dict[int, Failure]:
    """Run what has no result yet, or everything with ``--force``; return the failures by position in ``jobs``."""
    todo = list(jobs) if output.force else [job for job in unfinished(jobs) if not held.has(job)]
    kept = [job for job in jobs if job not in todo]
    if replaced := held.replaced(jobs):
        remarks.print(f"{len(replaced)} runs that the folder holds are made anew and replaced: {_CHANGED}")
    if kept:
        remarks.print(f"{len(kept)} of {len(jobs)} runs are finished already; --force runs them again")
        raw = [job for job in kept if is_finished(job.folder)]
        others = sum(stored(job.folder).spec["code"] != code_hash() for job in raw)
        if others:
            remarks.print(f"warning: {others} of them were made by other source code than the present")
    if not todo:
        return {}
    names = [_name(job.spec) for job in todo]
    title = sweep.stream.name
    progress = SweepProgress(remarks, title, names, [job.batches for job in todo])
    with progress.shown():
        failures = run_jobs(todo, bank, output.jobs, progress.on_event)
    return {jobs.index(todo[number]): failure for number, failure in failures.items()}


def _name(spec: RunSpec) -> str:
    """Return what a run is called in progress and messages."""
    return f"{spec.baseline.name} seed {spec.seed}" + ("" if spec.order == GIVEN else f" order {spec.order}")
