"""Weights & Biases: each finished run as one W&B run, read from its folder.

Avalanche's own WandBLogger fails with current versions of wandb (it uses names that are gone), so this is ours.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from chaoscl.errors import UserError
from chaoscl.evaluation.stored import StoredRun
from chaoscl.files import storage_errors

PROJECT = "chaoscl"
Mode = Literal["offline", "online"]


def check_login() -> None:
    """Find out before training whether online logging can work.

    Raises:
        UserError: no key is known on this machine.
    """
    import wandb

    if not wandb.api.api_key:
        raise UserError("--wandb online: not logged in; run 'wandb login' first, or use --wandb offline")


def log_runs(runs: Iterable[StoredRun], mode: Mode, out: Path) -> None:
    """Log finished runs to W&B, each once: config, curves, retention matrix as a table, summary.

    Runs of one stream, scenario and model form a group, and the baseline is the job type.

    Args:
        runs: finished runs.
        mode: ``offline`` writes to ``out/wandb`` for a later ``wandb sync``; ``online`` uploads.
        out: the results folder.

    Raises:
        UserError: the files cannot be written, or W&B refuses.
    """
    home = out / "wandb"
    with storage_errors("W&B files", home, "free some space or leave --wandb off"):
        home.mkdir(parents=True, exist_ok=True)
        for run in runs:
            done = home / f"{mode}-{run.spec['hash']}.done"
            if not done.exists():
                _log(run, mode, out)
                done.touch()


def _log(stored: StoredRun, mode: Mode, out: Path) -> None:
    import wandb

    spec = stored.spec["spec"]
    group = "/".join((stored.spec["stream"]["name"], spec["scenario"], spec["model"]))
    try:
        run = wandb.init(
            project=PROJECT,
            dir=str(out),
            id=stored.spec["hash"],
            name=f"{spec['baseline']} seed {spec['seed']}",
            group=group,
            job_type=spec["baseline"],
            config=stored.spec,
            mode=mode,
            settings=wandb.Settings(silent=True, console="off", save_code=False),
        )
        for step, row in enumerate(stored.curves.to_dict("records")):
            run.log(_curve_point(row), step=step)
        matrix = stored.matrix.to_frame()
        run.log({"retention_matrix": wandb.Table(dataframe=matrix.astype(object).where(matrix.notna(), None))})
        run.summary.update(_summary(stored))
        run.finish()
    except wandb.Error as error:
        raise UserError(
            f"W&B refused {stored.folder.name}: {' '.join(str(error).split())}; the run itself is kept"
        ) from error


def _curve_point(row: dict[Any, Any]) -> dict[str, float]:
    task = row["task"]
    return {
        "experience": row["experience"],
        "epoch": row["epoch"],
        **{f"{task}/{name}": row[name] for name in ("loss", "train_accuracy", "validation_accuracy", "learning_rate")},
    }


def _summary(stored: StoredRun) -> dict[str, float]:
    found = stored.metrics
    final = {f"final/{task}": value for task, value in zip(stored.matrix.tasks, stored.matrix.mean[-1], strict=True)}
    return {
        **{name: value for name, value in found["metrics"].items() if value is not None},
        **{f"cost/{name}": value for name, value in found["cost"].items()},
        **{name: float(value) for name, value in final.items()},
    }
