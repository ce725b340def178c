"""A finished run, read back from its folder. The files' names are the format."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from chaoscl.evaluation import schema
from chaoscl.evaluation.retention import RetentionMatrix

RUNS_FOLDER = "runs"
SPEC, MATRIX, CURVES, METRICS = "spec.json", "retention_matrix.csv", "curves.csv", "metrics.json"


@dataclass(frozen=True)
class StoredRun:
    """A finished run.

    Attributes:
        folder: where it is.
        spec: the content of spec.json: all that determines the run, and where it comes from.
        matrix: the retention matrix.
    """

    folder: Path
    spec: dict[str, Any]
    matrix: RetentionMatrix

    @property
    def curves(self) -> pd.DataFrame:
        """The learning curves, one row an epoch."""
        return schema.read_csv(schema.CURVES, self.folder / CURVES)

    @property
    def metrics(self) -> dict[str, Any]:
        """The content of metrics.json: ``metrics`` by name (None where not defined) and ``cost``."""
        return dict(json.loads((self.folder / METRICS).read_text(encoding="utf-8")))


def is_finished(folder: Path) -> bool:
    """Say whether a run folder is there. Folders appear whole, so one file answers for all."""
    return (folder / SPEC).is_file()


def read_run(folder: Path) -> StoredRun:
    """Read a finished run.

    Raises:
        ValueError: a file of it is missing or was changed; one line.
    """
    try:
        spec = json.loads((folder / SPEC).read_text(encoding="utf-8"))
        return StoredRun(folder, spec, RetentionMatrix.read_csv(folder / MATRIX))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder} is not a finished run ({error})") from error
