"""Weights & Biases: each finished run as one W&B run, read from its folder.

Avalanche's own WandBLogger fails with current versions of wandb (it uses names that are gone), so this is ours.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np

from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.evaluation.stored import CURVES, MATRIX, METRICS, SPEC, StoredRun
from chaoscl.files import storage_errors
from chaoscl.reports.figures import retention_figure, save

PROJECT = "chaoscl"
FILES = (SPEC, MATRIX, CURVES, METRICS)
"""Of a run's folder: what is logged, and kept as an artifact."""
SO_FAR = "retention/tasks_so_far"
"""The mean of a row of R over the tasks learned by then."""
MATRIX_TABLE, HEAT_MAP = "retention_matrix", "retention_heat_map"
# What W&B would note of this process, its machine and commit belongs to the logging, not to the run it tells of.
_UNSAID: dict[str, Any] = {
    "save_code": False,
    "disable_git": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
}
Mode = Literal["offline", "online"]


def check_login(instead: str = "use --wandb offline") -> None:
    """Find out before training whether online logging can work.

    Args:
        instead: what can be done without a login.

    Raises:
        UserError: no key is known on this machine, or W&B does not take it.
    """
    problem = login_problem()
    if problem:
        raise UserError(f"{problem}; run 'wandb login' first, or {instead}")


def login_problem() -> str:
    """Return why W&B cannot be reached as a user, in words, or nothing. It is asked only if a key is known."""
    import wandb

    wandb.setup(settings=wandb.Settings(silent=True))  # what is wrong is said once, by the caller
    try:
        return "" if wandb.login(prompt=False) else "not logged in to W&B"
    except wandb.Error as error:
        return f"W&B does not take this machine's key ({' '.join(str(error).split())})"


def log_runs(runs: Iterable[StoredRun], mode: Mode, out: Path) -> None:
    """Log finished runs to W&B: each its whole specification, curves, retention matrix, summary and files.

    There is one W&B run a seed. The runs of one baseline on one stream, scenario and model form a group, so W&B shows
    means over seeds. What has been logged is not logged again, unless the run was made anew with another outcome.

    Args:
        runs: finished runs.
        mode: ``offline`` writes to ``out/wandb`` for a later ``chaoscl wandb sync``; ``online`` uploads.
        out: the results folder.

    Raises:
        UserError: the files cannot be written, or W&B refuses.
    """
    home = out / "wandb"
    with storage_errors("W&B files", home, "free some space or leave --wandb off"):
        home.mkdir(parents=True, exist_ok=True)
        for run in runs:
            done = home / f"{mode}-{run.spec['hash']}-{content_hash(run)}.done"
            if not done.exists():
                with TemporaryDirectory() as scratch:
                    _log(run, mode, out, Path(scratch))
                done.touch()


def _log(stored: StoredRun, mode: Mode, out: Path, scratch: Path) -> None:
    import wandb

    spec = stored.spec["spec"]
    try:
        run = wandb.init(
            project=PROJECT,
            dir=str(out),
            id=stored.spec["hash"],
            name=f"{spec['baseline']} seed {spec['seed']}",
            group="/".join((stored.spec["stream"]["name"], spec["scenario"], spec["model"], spec["baseline"])),
            job_type=spec["baseline"],
            config=stored.spec,
            mode=mode,
            settings=wandb.Settings(silent=True, console="off", **_UNSAID),
        )
        curves = stored.curves.to_dict("records")
        for step, row in enumerate(curves):
            run.log(curve_point(row), step=step)
        run.define_metric("retention/*", step_metric="tasks_learned")
        for step, point in enumerate(retention_points(stored.matrix), len(curves)):
            run.log(point, step=step)
        picture = heat_map(stored, scratch)
        matrix = stored.matrix.to_frame()
        table = wandb.Table(dataframe=matrix.astype(object).where(matrix.notna(), None))
        run.log({MATRIX_TABLE: table, HEAT_MAP: wandb.Image(str(picture))})
        run.summary.update(_summary(stored))
        artifact = wandb.Artifact(f"run-{stored.spec['hash']}", type="chaoscl-run")
        for file in (*(stored.folder / name for name in FILES), picture):
            artifact.add_file(str(file))
        run.log_artifact(artifact)
        run.finish()
    except wandb.Error as error:
        raise UserError(
            f"W&B refused {stored.folder.name}: {' '.join(str(error).split())}; the run itself is kept"
        ) from error


def content_hash(run: StoredRun) -> str:
    """Return 8 hex digits over a run's files: a run that was made anew with another outcome has others."""
    return hashlib.sha256(b"".join((run.folder / name).read_bytes() for name in FILES)).hexdigest()[:8]


def curve_point(row: dict[Any, Any]) -> dict[str, float]:
    """Return a row of the learning curves by the names under which it is logged."""
    task = row["task"]
    return {
        "experience": row["experience"],
        "epoch": row["epoch"],
        **{f"{task}/{column.name}": row[column.name] for column in schema.CURVES.columns if column.dtype == "float"},
    }


def retention_points(matrix: RetentionMatrix) -> Iterator[dict[str, float]]:
    """Yield the rows of R that were evaluated, each with the mean over the tasks learned so far."""
    for row, cells in enumerate(matrix.mean):
        if not np.isnan(cells).any():
            point = {f"retention/{task}": float(cell) for task, cell in zip(matrix.tasks, cells, strict=True)}
            if row:
                point[SO_FAR] = float(cells[:row].mean())
            yield {"tasks_learned": row, **point}


def heat_map(stored: StoredRun, folder: Path) -> Path:
    """Draw the run's own retention matrix, under the name that the artifact and the panels know."""
    matrix, spec = stored.matrix, stored.spec["spec"]
    rows = matrix.to_frame().melt(["row", "after"], list(matrix.tasks), "task", "mean")
    path = folder / f"{HEAT_MAP}.png"
    # One run has no spread over seeds.
    lines = rows.assign(sd=np.nan, model=stored.spec["model"], baseline=spec["baseline"])
    save(retention_figure(lines, f"{stored.spec['stream']['name']}, seed {spec['seed']}"), path)
    return path


def _summary(stored: StoredRun) -> dict[str, float]:
    found = stored.metrics
    final = {f"final/{task}": value for task, value in zip(stored.matrix.tasks, stored.matrix.mean[-1], strict=True)}
    return {
        **{name: value for name, value in found["metrics"].items() if value is not None},
        **{f"cost/{name}": value for name, value in found["cost"].items()},
        **{name: float(value) for name, value in final.items()},
    }
