"""A results folder: the aggregates of one command, written whole, and never mixed with other data."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from chaoscl.data import Bank, card
from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.aggregate import RunRecord, forgetting_frame, retention_frame, summary_frame
from chaoscl.evaluation.comparison import comparison_frame
from chaoscl.evaluation.stored import RUNS_FOLDER
from chaoscl.evaluation.validation import mean_best, validation_frame
from chaoscl.files import write_atomic
from chaoscl.runs.store import data_rows, stored
from chaoscl.runs.sweep import Failure, Job
from chaoscl.streams import check_scenario, find_stream, task_heads

COMMAND = "command.txt"


def data_kind(bank: Bank) -> str:
    """Return the word for the data of a sweep: ``official``, ``mirror``, ``embedded`` or ``generated``."""
    kinds = {dataset.source for dataset in bank.datasets}
    return next(iter(kinds - {"generated"}), "generated")


def data_hash(bank: Bank) -> str:
    """Return 12 hex digits over the names and hashes of all data sets of a sweep."""
    combined = "".join(f"{dataset.card.name} {dataset.sha256}\n" for dataset in bank.datasets)
    return hashlib.sha256(combined.encode()).hexdigest()[:12]


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


def write_aggregates(
    out: Path, jobs: Sequence[Job], failures: Mapping[int, Failure], bank: Bank, command: str
) -> dict[str, pd.DataFrame]:
    """Write the aggregates of a sweep to ``out`` and return them by file name.

    Args:
        out: the results folder.
        jobs: all runs of the command, in its order.
        failures: the jobs that failed, by position.
        bank: the data they saw.
        command: what makes these files again.
    """
    finished = [job for number, job in enumerate(jobs) if number not in failures]
    records = [_record(job, bank) for job in finished]
    order = list(dict.fromkeys(job.spec.baseline for job in jobs))
    frames = {
        schema.RETENTION: retention_frame(records, order),
        schema.FORGETTING: forgetting_frame(records, order),
        schema.SUMMARY: summary_frame(records, order),
        schema.COMPARISONS: _comparisons(records, order),
        schema.VALIDATION: validation_frame([(_run(job), stored(job.folder).curves) for job in finished]),
        schema.COSTS: _cost_frame(finished, schema.COSTS),
        schema.TIMINGS: _cost_frame(finished, schema.TIMINGS),
        schema.RUNS: _runs(jobs, failures, out),
        schema.DATA: pd.DataFrame(data_rows(bank)),
    }
    for table, frame in frames.items():
        write_atomic(out / table.name, schema.to_csv(frame, table))
    write_atomic(out / COMMAND, command + "\n")
    return {table.name: frame for table, frame in frames.items()}


def _comparisons(records: Sequence[RunRecord], order: Sequence[str]) -> pd.DataFrame:
    """Return comparisons.csv over the baselines that have runs; without any there is nothing to compare."""
    there = {record.baseline for record in records}
    finished = [baseline for baseline in order if baseline in there]
    return comparison_frame(records, finished) if finished else schema.empty(schema.COMPARISONS)


def _cost_frame(jobs: Sequence[Job], table: schema.Table) -> pd.DataFrame:
    """Return costs.csv or timings.csv: what each run took."""
    rows = [
        {
            "baseline": job.spec.baseline,
            "model": job.model,
            "seed": job.spec.seed,
            "order": job.spec.order,
            **stored(job.folder).metrics["cost"],
        }
        for job in jobs
    ]
    return pd.DataFrame(rows, columns=table.header) if rows else schema.empty(table)


def _run(job: Job) -> tuple[str, str, int, str]:
    """Return baseline, model, seed and order of a run."""
    return job.spec.baseline, job.model, job.spec.seed, job.spec.order


def _record(job: Job, bank: Bank) -> RunRecord:
    stream = find_stream(job.spec.stream, job.spec.order, job.spec.seed)
    return RunRecord(
        stream=find_stream(job.spec.stream).name,
        order=job.spec.order,
        scenario=job.spec.scenario,
        model=job.model,
        baseline=job.spec.baseline,
        seed=job.spec.seed,
        data=data_kind(bank),
        data_sha256=data_hash(bank),
        matrix=stored(job.folder).matrix,
        heads=tuple(task_heads(stream, check_scenario(job.spec.scenario))),
        best_validation=mean_best(stored(job.folder).curves),
        modalities=tuple(card(task.dataset).modality for task in stream.tasks),
    )


def _runs(jobs: Sequence[Job], failures: Mapping[int, Failure], out: Path) -> pd.DataFrame:
    root = out / RUNS_FOLDER
    rows = [
        {
            "baseline": job.spec.baseline,
            "model": job.model,
            "seed": job.spec.seed,
            "status": "failed" if number in failures else "finished",
            "message": failures[number].message if number in failures else "",
            "run": job.folder.relative_to(root).as_posix(),
        }
        for number, job in enumerate(jobs)
    ]
    return pd.DataFrame(rows)
