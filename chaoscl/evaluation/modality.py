"""Forgetting within and across modalities.

Between rows i-1 and i only the i-th task was trained, so what a task j < i loses there, R[i-1,j] - R[i,j], is laid to
task i's account. Summed over the steps after j it gives R[j,j] - R[T,j] again, so these blocks share out exactly the
first-last forgetting. The first row of a task's history is row j: steps before it was learned do not count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chaoscl.evaluation.per_task import as_matrix


@dataclass(frozen=True)
class ForgettingBlock:
    """What training on one modality cost tasks of another (or the same) one.

    Attributes:
        source: modality of the tasks that were trained.
        target: modality of the tasks that were tested.
        total: sum of R[i-1,j] - R[i,j] over the block's pairs j < i; positive means forgotten.
        mean: ``total / pairs``, in [-1, 1]; NaN for a block without pairs.
        pairs: number of pairs (i, j).
    """

    source: str
    target: str
    total: float
    mean: float
    pairs: int


def forgetting_blocks(matrix: npt.ArrayLike, modalities: Sequence[str]) -> tuple[ForgettingBlock, ...]:
    """Return one block for every ordered pair of modalities, sources first, in order of first appearance.

    Args:
        matrix: (T+1, T) retention matrix.
        modalities: the T tasks' modalities, such as "text" and "image".
    """
    steps = list(_steps(matrix, modalities))
    names = list(dict.fromkeys(modalities))
    blocks = []
    for source in names:
        for target in names:
            losses = [loss for trained, tested, loss in steps if (trained, tested) == (source, target)]
            total = float(sum(losses))
            mean = total / len(losses) if losses else float("nan")
            blocks.append(ForgettingBlock(source, target, total, mean, len(losses)))
    return tuple(blocks)


def mean_step_forgetting(matrix: npt.ArrayLike, modalities: Sequence[str], same: bool) -> float:
    """Return the mean of R[i-1,j] - R[i,j] over pairs j < i of the same modality, or of two; NaN for no pair."""
    losses = [loss for trained, tested, loss in _steps(matrix, modalities) if (trained == tested) is same]
    return float(np.mean(losses)) if losses else float("nan")


def _steps(matrix: npt.ArrayLike, modalities: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """Yield (modality trained, modality tested, loss) for every step i and every task j < i."""
    table = as_matrix(matrix)
    size = table.shape[1]
    if isinstance(modalities, str) or len(modalities) != size:
        raise ValueError(f"modalities: one a task is needed, {size} names, not {modalities!r}")
    for step in range(2, size + 1):
        for task in range(1, step):
            loss = float(table[step - 1, task - 1] - table[step, task - 1])
            yield modalities[step - 1], modalities[task - 1], loss
