"""The main job, from a user's options to tables: check, prepare data, run what is missing, aggregate, show."""

import hashlib
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from chaoscl.cli import BASELINES, listed
from chaoscl.data import Bank, choose_source, prepare
from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.stored import RUNS_FOLDER, is_finished
from chaoscl.evaluation.tuning import CHOSEN
from chaoscl.files import check_writable, storage_errors
from chaoscl.models import AUTO, ModelOptions, check_options, find_model
from chaoscl.reports.progress import SweepProgress
from chaoscl.reports.tables import terminal_tables
from chaoscl.runs.baseline import FOLDER, find_baselines, load_baseline
from chaoscl.runs.provenance import code_hash
from chaoscl.runs.recipes import find_recipe
from chaoscl.runs.results import Held, check_folder, check_shared, data_kind, write_aggregates
from chaoscl.runs.spec import RunSpec, Value
from chaoscl.runs.store import stored
from chaoscl.runs.sweep import Failure, Job, plan_jobs, run_jobs, unfinished
from chaoscl.streams import GIVEN, REVERSED, check_rows, check_scenario, find_stream

EVERY = "all"
"""In the place of an order or of baselines: every one there is."""
WANDB_MODES = ("off", "offline", "online")
_CHANGED = "a baseline's file, a package, the kernel or what a name stands for has changed"
_NOT_IN_FOLDER_NAME = {
    "stream", "model", "hyper",  # named there in another form
    "baselines", "seeds", "baselines_dir",  # runs that share a folder and its tables
    "kernel", "device",  # the same model, computed another way
    "data", "data_dir",  # generated data has a folder of its own, and two real sources are refused one folder
    "out", "jobs", "wandb", "tensorboard", "force",  # change no number
}  # fmt: skip
"""Options that do not name the default results folder; a new option does until it is listed here."""


@dataclass(frozen=True)
class Request:
    """The options of ``benchmarks/run.py``; see its ``--help``."""

    stream: str = "text-image"
    model: str = "chaos2k"
    baselines: tuple[str, ...] = listed(BASELINES)
    seeds: int = 3
    scenario: str = "task"
    recipe: str = "standard"
    order: str = GIVEN
    hyper: tuple[str, ...] = ()
    encoders: str = "dataset"
    image_pool: str = "flatten"
    mode: str = "recurrent"
    kernel: str = AUTO
    precision: str = "float32"
    repetitions: int = 3
    data: str | None = None
    data_dir: str | None = None
    out: str | None = None
    device: str = "auto"
    jobs: int = 1
    wandb: str = "off"
    tensorboard: str | None = None
    force: bool = False
    baselines_dir: str | None = None

    @property
    def command(self) -> str:
        """The command that makes the same results again; where its mirror lies is left to the reader."""
        # What does not change a number is left out, and what stands at its default too.
        silent = {"data", "data_dir", "jobs", "force", "wandb", "tensorboard", "out"}
        if not find_model(self.model).uses_kernel:
            silent.add("kernel")
        words = ["python", "benchmarks/run.py", "--stream", self.stream, "--model", self.model]
        words += ["--seeds", str(self.seeds)]
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in silent or field.name in ("stream", "model", "seeds") or value == field.default:
                continue
            option = "--" + field.name.replace("_", "-")
            if value is True:
                words.append(option)
            else:
                words += [option, ",".join(value) if isinstance(value, tuple) else str(value)]
        if self.data == "embedded":
            words += ["--data", "embedded"]
        return shlex.join(words)


def execute_request(request: Request) -> int:
    """Run the main job and show its tables. Tables go to stdout; progress and remarks to stderr.

    Returns:
        Exit status: 0, or 1 if a run failed.

    Raises:
        UserError: an option, the data or the disk does not allow it.
    """
    frames, failures = run_request(request)
    console = Console()
    if len(frames[schema.SUMMARY.name]):
        for table in terminal_tables(frames):
            console.print(table)
        for note in _baseline_notes(request, frames):
            console.print(note, soft_wrap=True, highlight=False)
    if "embedded" in set(frames[schema.DATA.name]["source"]):
        console.print("EMBEDDED data: generated stand-ins, not the real data sets. Not for comparison with any result.")
    for line in failures:
        sys.stderr.write(f"failed: {line}\n")
    return 1 if failures else 0


def _baseline_notes(request: Request, frames: dict[str, Any]) -> list[str]:
    """Return a line for each of the request's baselines that is in the tables and has a note."""
    folder = Path(request.baselines_dir) if request.baselines_dir else FOLDER
    shown = set(frames[schema.SUMMARY.name]["baseline"])
    notes = {name: load_baseline(name, folder).note for name in request.baselines if name in shown}
    return [f"{name}: {note}" for name, note in notes.items() if note]


def run_request(request: Request) -> tuple[dict[str, Any], list[str]]:
    """Run the main job: check, prepare data, run what is missing, write the aggregates. Remarks go to stderr.

    Returns:
        The aggregates by file name, and a line for each run that failed.

    Raises:
        UserError: an option, the data or the disk does not allow it.
    """
    remarks = Console(stderr=True)
    specs, baselines = check(request)
    if remark := _device_remark(request.device):
        remarks.print(remark, soft_wrap=True, highlight=False)
    request = replace(request, kernel=specs[0].options.kernel)
    bank = prepare_data(request, remarks)
    check_rows(find_stream(request.stream), bank, range(request.seeds))
    out = Path(request.out) if request.out else default_out(request, data_kind(bank))
    check_folder(out, data_kind(bank))
    jobs = plan_jobs(specs, bank, out / RUNS_FOLDER, baselines)
    held = check_shared(out, jobs, bank)
    check_writable(out)
    print_data_remarks(bank, remarks)
    failures = _run(request, jobs, held, bank, baselines, remarks)
    with storage_errors("the aggregates", out, "free some space or give another folder with --out"):
        frames = write_aggregates(out, jobs, failures, bank, request.command)
    _log(request, [job for number, job in enumerate(jobs) if number not in failures], out, remarks)
    remarks.print(f"written to {out}", soft_wrap=True, highlight=False)
    lines = [
        f"{_name(jobs[number].spec)}: {failure.message} (details: {failure.details})"
        for number, failure in failures.items()
    ]
    return frames, lines


def order_of(order: str, reverse: bool) -> str:
    """Return the order that ``--order`` and ``--reverse`` ask for.

    Raises:
        UserError: they ask for two.
    """
    if reverse and order not in (GIVEN, REVERSED):
        raise UserError(f"--reverse and --order {order} contradict each other; give one of them")
    return REVERSED if reverse else order


def baseline_names(text: str, folder: str | None = None) -> tuple[str, ...]:
    """Return the baselines that ``text`` names, separated by commas; ``all`` stands for every file in the folder."""
    if text.strip() == EVERY:
        # The first is what the others are compared with.
        found = find_baselines(Path(folder) if folder else FOLDER)
        return tuple(sorted(found, key=lambda name: name != "naive"))
    return listed(text)


def changed_values(text: str, tuned: str | None, baselines: Sequence[str]) -> tuple[str, ...]:
    """Return the entries ``baseline.name=value`` of ``text``, after those that a search chose for these baselines.

    Args:
        text: entries separated by commas.
        tuned: a chosen.csv of ``benchmarks/tune.py``, or None.
        baselines: that will run.

    Raises:
        UserError: the file is not there or is not a chosen.csv.
    """
    chosen: list[str] = []
    if tuned is not None:
        try:
            held = schema.read_csv(CHOSEN, Path(tuned))
        except (OSError, ValueError) as error:
            raise UserError(f"--tuned {tuned}: give a chosen.csv of benchmarks/tune.py ({error})") from error
        lines = held[held["baseline"].isin(baselines)]
        chosen = [entry for values in lines["values"] for entry in listed(values)]
    return (*chosen, *listed(text))


def check(request: Request) -> tuple[list[RunSpec], Path]:
    """Return the runs that the options ask for, and the folder of the baselines.

    Raises:
        UserError: an option is wrong; nothing has been written.
    """
    orders = _orders(request)
    check_scenario(request.scenario)
    find_model(request.model)
    find_recipe(request.recipe)
    for option, value, allowed in (
        ("--wandb", request.wandb, WANDB_MODES),
        ("--device", request.device, ("auto", "cpu", "cuda")),
    ):
        if value not in allowed:
            raise UserError(f"unknown {option} '{value}'; there are: {', '.join(allowed)}")
    options = _options(request)
    if request.seeds < 1:
        raise UserError(f"--seeds {request.seeds}: at least one seed is needed")
    if request.jobs < 1:
        raise UserError(f"--jobs {request.jobs}: give 1 or more, or 0 for one a core")
    if not request.baselines:
        raise UserError("--baselines is empty; name at least one, such as naive")
    twice = sorted({name for name in request.baselines if request.baselines.count(name) > 1})
    if twice:
        raise UserError(f"--baselines names {', '.join(twice)} more than once")
    baselines = Path(request.baselines_dir) if request.baselines_dir else FOLDER
    hyper = _hyper(request, baselines)
    if request.wandb == "online":
        from chaoscl.reports.wandb_log import check_login

        check_login()
    return _specs(request, options, orders, hyper), baselines


def _options(request: Request) -> ModelOptions:
    """Return the variations of the model, with the kernel that ``auto`` stands for here."""
    from chaoscl.models.kernel import resolve_kernel

    kernel = resolve_kernel(request.kernel, request.model, request.mode, _device(request.device))
    return check_options(request.encoders, request.image_pool, request.mode, kernel, request.precision)


def _orders(request: Request) -> tuple[str, ...]:
    """Return the orders of the tasks that are run, after checking that they exist."""
    stream = find_stream(request.stream)
    if request.order == EVERY:
        return stream.orders()
    stream.ordered(request.order)
    return (request.order,)


def _hyper(request: Request, baselines: Path) -> dict[str, tuple[tuple[str, Value], ...]]:
    """Return the changed hyper-parameters of each baseline, after checking that they and the baselines exist."""
    changed: dict[str, dict[str, Value]] = {name: {} for name in request.baselines}
    for entry in request.hyper:
        match = re.fullmatch(r"(\w+)\.(\w+)=(.+)", entry)
        if match is None:
            raise UserError(f"--hyper '{entry}': write baseline.name=value, such as ewc.ewc_lambda=100")
        baseline, name, value = match.groups()
        if baseline not in changed:
            raise UserError(f"--hyper '{entry}': {baseline} is not among --baselines {','.join(request.baselines)}")
        changed[baseline][name] = value
    made = {}
    for baseline, values in changed.items():
        typed = load_baseline(baseline, baselines).values(values)
        made[baseline] = tuple((name, typed[name]) for name in sorted(values))
    return made


def _specs(
    request: Request,
    options: ModelOptions,
    orders: Sequence[str],
    hyper: Mapping[str, tuple[tuple[str, Value], ...]],
) -> list[RunSpec]:
    return [
        RunSpec(
            stream=request.stream,
            order=order,
            scenario=request.scenario,
            model=request.model,
            baseline=baseline,
            seed=seed,
            recipe=request.recipe,
            options=options,
            hyper=hyper[baseline],
            repetitions=request.repetitions,
            device=_device(request.device),
        )
        for seed in range(request.seeds)
        for order in orders
        for baseline in request.baselines
    ]


def _device(name: str) -> str:
    """Return ``cpu`` or ``cuda``. ``auto`` is the CPU, on which all published results were made."""
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("--device cuda: no CUDA device is there; use --device cpu")
    return "cpu" if name == "auto" else name


def _device_remark(name: str) -> str | None:
    """Return a line about a CUDA device that is there and not used, if nothing was said about it."""
    import torch

    if name == "auto" and torch.cuda.is_available():
        return "a CUDA device is there and not used: published results are the CPU's; --device cuda uses it"
    return None


def default_out(request: Request, kind: str) -> Path:
    """Return the results folder of a command: named by what is not at its default, embedded results apart."""
    parts = [find_stream(request.stream).name, request.model]
    for field in fields(request):
        value = getattr(request, field.name)
        if field.name not in _NOT_IN_FOLDER_NAME and value != field.default:
            parts.append(f"{field.name.replace('_', '-')}-{re.sub('[^A-Za-z0-9.+_-]+', '-', str(value))}")
    if request.hyper:
        parts.append("hyper-" + hashlib.sha256(" ".join(sorted(request.hyper)).encode()).hexdigest()[:8])
    root = Path("results")
    return (root / "embedded" if kind == "embedded" else root) / "-".join(parts)


def prepare_data(request: Request, remarks: Console) -> Bank:
    """Return the data of the stream, prepared."""
    source = choose_source(request.data, request.data_dir)
    names = find_stream(request.stream).datasets
    if not remarks.is_terminal:
        return Bank([prepare(name, source) for name in names])
    with remarks.status("looking for data") as status:
        return Bank([prepare(name, source, report=status.update) for name in names])


def print_data_remarks(bank: Bank, remarks: Console) -> None:
    """Print what was done to the rows of each data set, and what in them weakens a task."""
    for dataset in bank.datasets:
        for remark in dataset.remarks:
            remarks.print(f"{dataset.card.name}: {remark}", markup=False, highlight=False, soft_wrap=True)


def _log(request: Request, finished: Sequence[Job], out: Path, remarks: Console) -> None:
    """Log the finished runs where the request says so; only those whose raw folders are there can be."""
    if request.wandb == "off" and request.tensorboard is None:
        return
    runs = [stored(job.folder) for job in finished if is_finished(job.folder)]
    if len(runs) < len(finished):
        remarks.print(f"{len(finished) - len(runs)} runs without a raw folder are not logged; --force runs them again")
    if request.wandb != "off":
        from chaoscl.reports.wandb_log import log_runs

        log_runs(runs, request.wandb, out)  # type: ignore[arg-type]
    if request.tensorboard is not None:
        from chaoscl.reports import tensorboard_log

        tensorboard_log.log_runs(runs, Path(request.tensorboard))


def _run(
    request: Request, jobs: Sequence[Job], held: Held, bank: Bank, baselines: Path, remarks: Console
) -> dict[int, Failure]:
    """Run what has no result yet, or everything with ``--force``; return the failures by position in ``jobs``."""
    todo = list(jobs) if request.force else [job for job in unfinished(jobs) if not held.has(job)]
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
    title = find_stream(request.stream).name
    progress = SweepProgress(remarks, title, names, [job.batches for job in todo])
    with progress.shown():
        failures = run_jobs(todo, bank, baselines, request.jobs, progress.on_event)
    return {jobs.index(todo[number]): failure for number, failure in failures.items()}


def _name(spec: RunSpec) -> str:
    """Return what a run is called in progress and messages."""
    return f"{spec.baseline} seed {spec.seed}" + ("" if spec.order == GIVEN else f" order {spec.order}")
