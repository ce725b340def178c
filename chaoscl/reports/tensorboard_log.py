"""TensorBoard: each finished run as one of its runs, read from its folder and written by Avalanche's own logger."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from chaoscl.evaluation.stored import StoredRun
from chaoscl.files import new_folder, storage_errors
from chaoscl.reports.wandb_log import HEAT_MAP, content_hash, curve_point, heat_map, retention_points


def log_runs(runs: Iterable[StoredRun], home: Path) -> None:
    """Write curves, retention matrix and its picture of finished runs, each once, under the names that W&B gets too.

    The runs are over when they are logged, so no number of theirs can depend on it.

    Args:
        runs: finished runs.
        home: what ``tensorboard --logdir`` is given.

    Raises:
        UserError: the files cannot be written.
    """
    with storage_errors("TensorBoard files", home, "free some space or give another folder with --tensorboard"):
        for run in runs:
            spec = run.spec["spec"]
            name = f"seed{spec['seed']}-{run.spec['hash']}-{content_hash(run)}"
            folder = home / run.spec["stream"]["name"] / run.spec["model"] / spec["baseline"] / name
            if not folder.exists():
                _log(run, folder)


def _log(run: StoredRun, folder: Path) -> None:
    from avalanche.logging import TensorboardLogger
    from PIL import Image

    with new_folder(folder) as temporary, TemporaryDirectory() as scratch:
        logger = TensorboardLogger(temporary)
        for step, row in enumerate(run.curves.to_dict("records")):
            for name, value in curve_point(row).items():
                logger.log_single_metric(name, value, step)
        for point in retention_points(run.matrix):
            for name, value in point.items():
                logger.log_single_metric(name, value, int(point["tasks_learned"]))
        with Image.open(heat_map(run, Path(scratch))) as picture:
            logger.log_single_metric(HEAT_MAP, picture.convert("RGB"), 0)
        logger.writer.close()
