"""Run folders: how a finished run is written."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chaoscl.data import Bank
from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.metrics import summarise
from chaoscl.evaluation.stored import CURVES, MATRIX, METRICS, SPEC, StoredRun, read_run
from chaoscl.files import new_folder
from chaoscl.runs.provenance import code_hash, computing_versions, environment, git_commit
from chaoscl.runs.spec import RunSpec
from chaoscl.streams import task_heads


def run_folder(root: Path, spec: RunSpec, digest: str) -> Path:
    """Return the folder of a run: stream/model/baseline/seed and the hash of the full specification."""
    place = (spec.learned.name, spec.trained.name, spec.baseline.name)
    return root.joinpath(*place, f"seed{spec.seed}-{digest}")


def write_run(folder: Path, spec: RunSpec, record: Mapping[str, Any], bank: Bank, outcome: Any, digest: str) -> None:
    """Write a finished run: all of its files, or nothing.

    Args:
        folder: where it will be.
        spec: what was asked for.
        record: what chaoscl.runs.spec.spec_record says of it.
        bank: the data it saw.
        outcome: what chaoscl.runs.execute.execute returned.
        digest: the hash of the full specification.
    """
    from chaoscl.models.build import parts

    stream = spec.learned
    network = outcome.networks[0]
    written = {
        "format": 2,
        "hash": digest,
        "spec": record,
        "stream": {"name": stream.name, "version": stream.version, "tasks": [task.name for task in stream.tasks]},
        "model": spec.trained.name,
        "hyper_parameters": spec.values,
        "data": data_rows(bank),
        "parameters": [asdict(part) for part in parts(network)],
        "versions": {**computing_versions(spec.kernel, spec.device), **environment()},
        "git_commit": git_commit(),
        "code": code_hash(),
    }
    modalities = [task.modality for task in stream.tasks]
    heads = task_heads(stream, spec.scenario)
    values = summarise(outcome.matrix.mean, modalities=modalities, heads=heads)
    metrics = {
        "metrics": {name: None if math.isnan(value) else value for name, value in values.items()},
        "cost": {**asdict(outcome.cost), "models": len(outcome.networks)},
    }
    with new_folder(folder) as temporary:
        outcome.matrix.write_csv(temporary / MATRIX)
        schema.write_csv(outcome.curves, schema.CURVES, temporary / CURVES)
        (temporary / METRICS).write_text(_json(metrics), encoding="utf-8")
        (temporary / SPEC).write_text(_json(written), encoding="utf-8")


def data_rows(bank: Bank) -> list[dict[str, Any]]:
    """Return one row of data.csv for each data set: rows seen, official rows, hash of the prepared tensors."""
    rows = []
    for dataset in bank.datasets:
        card = dataset.card
        rows.append(
            {
                "dataset": card.name,
                "source": dataset.source,
                "train_rows": dataset.train_rows,
                "official_train_rows": card.train_rows,
                "test_rows": dataset.test_rows,
                "official_test_rows": card.test_rows,
                "sha256": dataset.sha256,
                "note": dataset.note,
            }
        )
    return rows


def stored(folder: Path) -> StoredRun:
    """Read a finished run.

    Raises:
        UserError: a file of it is missing or was changed by hand.
    """
    try:
        return read_run(folder)
    except ValueError as error:
        raise UserError(f"{error}; delete it, or run it again with --force") from error


def _json(content: object) -> str:
    return json.dumps(content, indent=2, allow_nan=False) + "\n"
