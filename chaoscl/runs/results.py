"""A results folder: the runs of one command or several, united, and the aggregates of all of them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from chaoscl.data import Bank
from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.matrices import RUN, aggregate_frames, data_digest, in_order, matrix_lines, records_of
from chaoscl.evaluation.stored import RUNS_FOLDER, is_finished
from chaoscl.files import write_atomic
from chaoscl.runs.spec import hyper_text, settings_text
from chaoscl.runs.store import data_rows, stored
from chaoscl.runs.sweep import Failure, Job
from chaoscl.streams import task_heads

COMMAND = "command.txt"
UNITED = (schema.MATRICES, schema.FOLDER_CURVES, schema.COSTS, schema.TIMINGS, schema.RUNS)
"""The files with lines of single runs: those of a command are united with those that its folder holds."""
RunKey = tuple[str, str, int, str]


def data_kind(bank: Bank) -> str:
    """Return the word for the data of a sweep: ``embedded`` if some are stand-ins, else all sources."""
    kinds = {dataset.source for dataset in bank.datasets}
    if "embedded" in kinds:
        return "embedded"
    return "+".join(sorted(kinds - {"generated"})) or "generated"


def data_hash(bank: Bank) -> str:
    """Return 12 hex digits over the names and hashes of all data sets of a sweep."""
    return data_digest((dataset.card.name for dataset in bank.datasets), (one.sha256 for one in bank.datasets))


def check_folder(out: Path, kind: str) -> None:
    """Refuse a folder whose aggregates were made from another kind of data.

    Raises:
        UserError: real and embedded results, or results of two sources, would share a folder.
    """
    try:
        held = schema.read_csv(schema.DATA, out / schema.DATA.name)
    except FileNotFoundError:
        return
    except ValueError as error:
        raise UserError(f"{out} holds a file that is not ours ({error}); give another folder with --out") from error
    sources = set(held["source"]) - {"generated"}
    if sources and sources != {kind}:
        raise UserError(
            f"{out} holds results on {', '.join(sorted(sources))} data, and this command uses {kind} data; give another"
            " folder with --out"
        )


@dataclass(frozen=True)
class Held:
    """What a results folder holds of each run.

    Attributes:
        frames: by kind of file; empty ones where there is no folder.
    """

    frames: dict[schema.Table, pd.DataFrame]

    @property
    def hashes(self) -> dict[RunKey, str]:
        """The hash of each finished run whose matrix and costs are there."""
        costed = set(_keys(self.frames[schema.COSTS]))
        lines = self.frames[schema.MATRICES].drop_duplicates(RUN)
        return {key: run for key, run in zip(_keys(lines), lines["run"], strict=True) if key in costed}

    def has(self, job: Job) -> bool:
        """Say whether the run of a job is there, whether or not its raw folder is."""
        return self.hashes.get(key_of(job)) == job.digest

    def replaced(self, jobs: Sequence[Job]) -> list[RunKey]:
        """Return the runs that these take the place of: the same runs under another hash."""
        hashes = self.hashes
        return [key_of(job) for job in jobs if hashes.get(key_of(job), job.digest) != job.digest]

    def left_behind(self, jobs: Sequence[Job]) -> list[RunKey]:
        """Return the other runs of each baseline and model of which these replace some; averaged, they would mix."""
        changed = {key[:2] for key in self.replaced(jobs)}
        return [key for key in self.hashes if key[:2] in changed and key not in set(map(key_of, jobs))]


def read_held(out: Path) -> Held:
    """Return what a results folder holds.

    Raises:
        UserError: a file of it is missing or is not ours.
    """
    try:
        if not (out / schema.MATRICES.name).exists() and not (out / schema.SUMMARY.name).exists():
            return Held({table: schema.empty(table) for table in UNITED})
        return Held({table: schema.read_csv(table, out / table.name) for table in UNITED})
    except (OSError, ValueError) as error:
        raise UserError(
            f"new runs cannot be united with those that {out} holds ({error}); delete its files (runs/ may stay)"
            " or give another folder with --out"
        ) from error


def check_shared(out: Path, jobs: Sequence[Job], bank: Bank) -> Held:
    """Return what a results folder holds, if these runs may stand beside it.

    A folder is about one stream, scenario and data, and one way to train and evaluate; and about one set of
    hyper-parameters of each baseline and model.

    Raises:
        UserError: the runs were asked for by other settings than those of the folder, would replace only some of a
            baseline's, or a file is not ours.
    """
    held = read_held(out)
    matrices, runs = held.frames[schema.MATRICES], held.frames[schema.RUNS]
    finished = runs[runs["status"] == "finished"]
    data = {"data": data_kind(bank), "data_sha256": data_hash(bank)}
    for job in jobs:
        place = {"stream": job.spec.stream.name, "scenario": job.spec.scenario, **data}
        same = finished[(finished["baseline"] == job.spec.baseline.name) & (finished["model"] == job.model)]
        for what, found, wanted in (
            *((column, matrices[column], value) for column, value in place.items()),
            ("settings", finished["settings"], settings_text(job.spec)),
            (f"hyper-parameters of {job.spec.baseline.name}", same["hyper"], hyper_text(job.spec)),
        ):
            others = [other for other in found.unique() if other != wanted]
            if others:
                raise UserError(
                    f"{out} holds runs with {what} '{others[0]}', and this command asks for '{wanted}'; they cannot"
                    " share a folder: give another one with --out"
                )
    if left := held.left_behind(jobs):
        baseline, model, seed, order = left[0]
        raise UserError(
            f"{out} holds {baseline} ({model}) seed {seed} order {order}, and this command makes other runs of it anew"
            " with another kernel, device, package or baseline file; their mean would mix both: ask for all of its runs"
            " or give another folder with --out"
        )
    return held


def write_aggregates(
    out: Path, jobs: Sequence[Job], failures: Mapping[int, Failure], bank: Bank, command: str
) -> dict[str, pd.DataFrame]:
    """Unite the runs of a command with those that ``out`` holds, write the aggregates and return them by file name.

    A run takes the place of the one with the same baseline, model, seed and order; one that failed does not.

    Args:
        out: the results folder.
        jobs: all runs of the command, in its order.
        failures: the jobs that failed, by position.
        bank: the data they saw.
        command: what makes these runs again.

    Raises:
        UserError: as :func:`check_shared`; the runs themselves are kept.
    """
    held = check_shared(out, jobs, bank)
    finished = [job for number, job in enumerate(jobs) if number not in failures]
    fresh = [job for job in finished if is_finished(job.folder)]
    frames = {
        schema.MATRICES: _stacked(schema.MATRICES, [matrix_lines(_record(job, bank), job.digest) for job in fresh]),
        schema.FOLDER_CURVES: _stacked(schema.FOLDER_CURVES, [_curves(job) for job in fresh]),
        schema.COSTS: _cost_frame(fresh, schema.COSTS),
        schema.TIMINGS: _cost_frame(fresh, schema.TIMINGS),
        schema.RUNS: _runs(jobs, failures, out, held),
    }
    order = list(dict.fromkeys([*held.frames[schema.RUNS]["baseline"], *(job.spec.baseline.name for job in jobs)]))
    replaced = set(map(key_of, fresh))
    frames = {
        table: in_order(_united(held.frames[table], frame, replaced if table is not schema.RUNS else None), order)
        for table, frame in frames.items()
    }
    frames |= aggregate_frames(records_of(frames[schema.MATRICES], frames[schema.FOLDER_CURVES]))
    frames[schema.DATA] = pd.DataFrame(data_rows(bank))
    for table, frame in frames.items():
        write_atomic(out / table.name, schema.to_csv(frame, table))
    _add_command(out / COMMAND, command)
    return {table.name: frame for table, frame in frames.items()}


def key_of(job: Job) -> RunKey:
    """Return what tells a run from the others of its folder: baseline, model, seed and order."""
    return job.spec.baseline.name, job.model, job.spec.seed, job.spec.order


def _keys(frame: pd.DataFrame) -> list[RunKey]:
    return list(frame[RUN].itertuples(index=False, name=None))


def _stacked(table: schema.Table, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True) if frames else schema.empty(table)


def _united(held: pd.DataFrame, fresh: pd.DataFrame, replaced: Set[RunKey] | None = None) -> pd.DataFrame:
    """Return the held lines, without those of runs that are replaced, and the fresh ones; held runs come first."""
    gone = set(_keys(fresh)) if replaced is None else replaced
    kept = held[[key not in gone for key in _keys(held)]]
    return pd.concat([frame for frame in (kept, fresh) if len(frame)] or [fresh], ignore_index=True)


def _add_command(path: Path, command: str) -> None:
    """Add a command to command.txt, which holds each once."""
    held = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    write_atomic(path, "".join(f"{line}\n" for line in dict.fromkeys((*held, command))))


def _of(job: Job) -> dict[str, Any]:
    return dict(zip(RUN, key_of(job), strict=True))


def _curves(job: Job) -> pd.DataFrame:
    """Return the lines of the folder's curves.csv for one run."""
    curves = stored(job.folder).curves
    keys = pd.DataFrame([_of(job)] * len(curves), columns=RUN).astype({"seed": "int64"})
    return pd.concat([keys, curves], axis=1)


def _cost_frame(jobs: Sequence[Job], table: schema.Table) -> pd.DataFrame:
    """Return costs.csv or timings.csv: what each run took."""
    rows = [_of(job) | stored(job.folder).metrics["cost"] for job in jobs]
    return pd.DataFrame(rows, columns=table.header) if rows else schema.empty(table)


def _record(job: Job, bank: Bank) -> RunRecord:
    stream = job.spec.learned
    return RunRecord(
        stream=job.spec.stream.name,
        order=job.spec.order,
        scenario=job.spec.scenario,
        model=job.model,
        baseline=job.spec.baseline.name,
        seed=job.spec.seed,
        data=data_kind(bank),
        data_sha256=data_hash(bank),
        matrix=stored(job.folder).matrix,
        modalities=tuple(task.modality for task in stream.tasks),
        heads=tuple(task_heads(stream, job.spec.scenario)),
    )


def _runs(jobs: Sequence[Job], failures: Mapping[int, Failure], out: Path, held: Held) -> pd.DataFrame:
    """Return the lines of runs.csv for a command's runs, but not for one that failed where a result is held."""
    root = out / RUNS_FOLDER
    rows = [
        {
            **_of(job),
            "status": "failed" if number in failures else "finished",
            "message": failures[number].message if number in failures else "",
            "settings": settings_text(job.spec),
            "hyper": hyper_text(job.spec),
            "run": job.folder.relative_to(root).as_posix(),
        }
        for number, job in enumerate(jobs)
        if number not in failures or key_of(job) not in held.hashes
    ]
    return pd.DataFrame(rows, columns=schema.RUNS.header) if rows else schema.empty(schema.RUNS)
