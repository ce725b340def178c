"""All runs of a results folder in one file, matrices.csv, and the aggregates, which follow from it alone."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from chaoscl.evaluation import schema
from chaoscl.evaluation.aggregate import RunRecord, forgetting_frame, key_columns, retention_frame, summary_frame
from chaoscl.evaluation.comparison import comparison_frame
from chaoscl.evaluation.retention import UNTRAINED, RetentionMatrix
from chaoscl.evaluation.validation import mean_best

RUN = ["baseline", "model", "seed", "order"]
"""The columns of RunRecord.run."""
AGGREGATES = (schema.RETENTION, schema.FORGETTING, schema.SUMMARY, schema.COMPARISONS)
"""What :func:`aggregate_frames` makes."""


def data_digest(datasets: Iterable[str], hashes: Iterable[str]) -> str:
    """Return 12 hex digits over the names of data sets and the SHA-256 of each, both in the stream's order."""
    combined = "".join(f"{name} {sha256}\n" for name, sha256 in zip(datasets, hashes, strict=True))
    return hashlib.sha256(combined.encode()).hexdigest()[:12]


def matrix_lines(record: RunRecord, run: str) -> pd.DataFrame:
    """Return the lines of ``matrices.csv`` for one run: row by row, the tasks in the order in which it learned them.

    Args:
        record: the run; its modalities and heads must be known.
        run: its hash.

    Raises:
        ValueError: modalities or heads are not known.
    """
    if record.modalities is None or record.heads is None:
        raise ValueError(f"{record.baseline}, seed {record.seed}: the modality or the head of its tasks is not known")
    tasks, matrix = record.matrix.tasks, record.matrix
    lines = [
        {
            **key_columns(record),
            "seed": record.seed,
            "order": record.order,
            "row": row,
            "after": after,
            "task": task,
            "modality": record.modalities[column],
            "head": record.heads[column],
            "mean": matrix.mean[row, column],
            "sd": matrix.sd[row, column],
            "repetitions": matrix.repetitions,
            "run": run,
        }
        for row, after in enumerate((UNTRAINED, *tasks))
        for column, task in enumerate(tasks)
    ]
    frame = pd.DataFrame(lines, columns=schema.MATRICES.header)
    schema.validate(frame, schema.MATRICES)
    return frame


def records_of(matrices: pd.DataFrame, curves: pd.DataFrame | None = None) -> list[RunRecord]:
    """Return the runs of a ``matrices.csv``, in the order in which they first appear.

    Args:
        matrices: matrices.csv of a results folder.
        curves: its curves.csv; without it the best validation accuracies are not known.

    Raises:
        ValueError: the lines of a run are not one whole matrix; one line that names the run.
    """
    schema.validate(matrices, schema.MATRICES)
    key = ["stream", "scenario", "data", "data_sha256", *RUN]
    best = {run: mean_best(lines) for run, lines in curves.groupby(RUN, sort=False)} if curves is not None else {}
    records = [_record(group) for _, group in matrices.groupby(key, sort=False)]
    return [replace(one, best_validation=best.get(one.run, math.nan)) for one in records]


def _record(lines: pd.DataFrame) -> RunRecord:
    """Return the run whose lines these are."""
    first = lines.iloc[0]
    who = f"matrices.csv: {first['baseline']} ({first['model']}), seed {first['seed']}, order {first['order']!r}"
    rows = lines[lines["row"] == first["row"]]
    tasks, size = list(rows["task"]), len(rows)
    expected = [(row, after, task) for row, after in enumerate((UNTRAINED, *tasks)) for task in tasks]
    if list(lines[["row", "after", "task"]].itertuples(index=False, name=None)) != expected:
        raise ValueError(f"{who}: its lines are not the cells of one matrix, row by row, each once")
    for column, wanted in (("modality", list(rows["modality"])), ("head", list(rows["head"]))):
        if list(lines[column]) != wanted * (size + 1):
            raise ValueError(f"{who}: column {column!r} of a task is not the same on every line")
    for column in ("repetitions", "run"):
        if lines[column].nunique() != 1:
            raise ValueError(f"{who}: column {column!r} must be the same on every line")
    mean, sd = (lines[column].to_numpy().reshape(size + 1, size) for column in ("mean", "sd"))
    try:
        matrix = RetentionMatrix(tuple(tasks), mean, sd, int(first["repetitions"]))
    except ValueError as error:
        raise ValueError(f"{who}: {error}") from error
    return RunRecord(
        stream=str(first["stream"]),
        scenario=str(first["scenario"]),
        model=str(first["model"]),
        baseline=str(first["baseline"]),
        data=str(first["data"]),
        data_sha256=str(first["data_sha256"]),
        seed=int(first["seed"]),
        matrix=matrix,
        modalities=tuple(rows["modality"]),
        order=str(first["order"]),
        heads=tuple(int(head) for head in rows["head"]),
    )


def read_records(folder: Path) -> list[RunRecord]:
    """Return the finished runs of a results folder, in the order of its matrices.csv.

    Raises:
        ValueError: the file is missing, damaged or not about one stream, scenario and kind of data; one line.
    """
    path, curves = folder / schema.MATRICES.name, folder / schema.FOLDER_CURVES.name
    try:
        held = schema.read_csv(schema.FOLDER_CURVES, curves) if curves.exists() else None
        records = records_of(schema.read_csv(schema.MATRICES, path), held)
    except OSError as error:
        raise ValueError(f"{folder} holds no {path.name}, so no results ({error.strerror})") from error
    if len({record.arena for record in records}) > 1:
        raise ValueError(f"{path} must hold results on one stream, one scenario and one kind of data")
    return records


def aggregate_frames(records: Sequence[RunRecord]) -> dict[schema.Table, pd.DataFrame]:
    """Return the aggregates of a results folder by kind of file; baselines stand in the order of the records.

    The baseline that comes first is the reference of ``comparisons.csv``.
    """
    order = list(dict.fromkeys(record.baseline for record in records))
    return {
        schema.RETENTION: retention_frame(records, order),
        schema.FORGETTING: forgetting_frame(records, order),
        schema.SUMMARY: summary_frame(records, order),
        schema.COMPARISONS: comparison_frame(records, order) if records else schema.empty(schema.COMPARISONS),
    }


def in_order(frame: pd.DataFrame, baselines: Sequence[str]) -> pd.DataFrame:
    """Return the lines of a frame that has the columns of RUN, sorted by baseline, model, seed and order.

    Lines of one run keep their order.

    Args:
        frame: lines about runs.
        baselines: the order of the baselines.
    """
    ranks = frame["baseline"].map({name: rank for rank, name in enumerate(baselines)}).to_numpy(dtype=np.int64)
    by = frame.assign(baseline=ranks)[RUN].sort_values(RUN, kind="stable").index
    return frame.loc[by].reset_index(drop=True)
