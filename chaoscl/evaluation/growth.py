"""How accuracy and forgetting change as a stream grows, compared run by run.

A stream of T tasks that is cut after its first k is a stream of k tasks: the upper left of R, with k + 1 rows and k
columns, is its retention matrix. So every metric "after k tasks" is the metric of that matrix, and forgetting after k
tasks divides by the k - 1 earlier ones, as in Chaudhry et al. 2018.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.comparison import between_frame
from chaoscl.evaluation.retention import RetentionMatrix


def after_tasks(records: Sequence[RunRecord], count: int) -> list[RunRecord]:
    """Return the runs as they stood after ``count`` tasks; those not evaluated there, such as joint, are left out.

    Raises:
        ValueError: a run has fewer tasks, or ``count`` is below 1.
    """
    return [_cut(record, count) for record in records if _is_evaluated(record, count)]


def _is_evaluated(record: RunRecord, count: int) -> bool:
    size = len(record.matrix.tasks)
    if not 1 <= count <= size:
        raise ValueError(f"{record.baseline}, seed {record.seed}: it has {size} tasks, so none stands after {count}")
    return bool(np.isfinite(record.matrix.mean[: count + 1, :count]).all())


def _cut(record: RunRecord, count: int) -> RunRecord:
    """Return a run as that of the first tasks of its stream."""
    whole = record.matrix
    part = slice(0, count + 1), slice(0, count)
    matrix = RetentionMatrix(whole.tasks[:count], whole.mean[part], whole.sd[part], whole.repetitions)
    kinds, heads = record.modalities, record.heads
    return replace(
        record,
        matrix=matrix,
        modalities=None if kinds is None else kinds[:count],
        heads=None if heads is None else heads[:count],
    )


def between_models(first: Sequence[RunRecord], second: Sequence[RunRecord], counts: Sequence[int]) -> pd.DataFrame:
    """Return the paired differences ``second`` minus ``first`` after each number of tasks.

    The columns are those of :func:`chaoscl.evaluation.comparison.between_frame` after a column ``tasks``.

    Args:
        first: runs of one model on one stream, scenario and data.
        second: runs of another model on the same.
        counts: numbers of tasks.

    Raises:
        ValueError: as :func:`between_frame` and :func:`after_tasks` do.
    """
    parts = []
    for count in counts:
        frame = between_frame(after_tasks(first, count), after_tasks(second, count))
        frame.insert(0, "tasks", count)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def between_lengths(records: Sequence[RunRecord], early: int, late: int) -> pd.DataFrame:
    """Return the paired differences after ``late`` tasks minus after ``early`` tasks, each run with itself.

    The tasks are not the same: those after ``early`` are among those after ``late``, and later ones may be harder.
    Columns and errors as in :func:`chaoscl.evaluation.comparison.between_frame`.
    """
    return between_frame(after_tasks(records, early), after_tasks(records, late))
