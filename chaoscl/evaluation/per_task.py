"""What became of each task: vectors of T numbers, functions of the retention matrix R.

R has shape (T+1, T): row 0 is the untrained model, row i the model after the i-th task. Tasks are numbered 1..T in the
formulas. A number that is not defined is NaN: forgetting of the last task, transfer to the first, and whatever needs
a row that was not evaluated.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def as_matrix(matrix: npt.ArrayLike) -> Array:
    """Return ``matrix`` as a float array of shape (T+1, T); ValueError for any other shape or T = 0."""
    array = np.asarray(matrix, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] < 1 or array.shape[0] != array.shape[1] + 1:
        raise ValueError(f"a retention matrix has shape (T+1, T) with its untrained row first, not {array.shape}")
    return array


def as_reference(reference: npt.ArrayLike, size: int) -> Array:
    """Return ``reference`` as a float vector of ``size`` accuracies; ValueError for any other shape."""
    array = np.asarray(reference, dtype=np.float64)
    if array.shape != (size,):
        raise ValueError(f"reference accuracies: one a task is needed, shape ({size},), not {array.shape}")
    return array


def learned_accuracy_per_task(matrix: npt.ArrayLike) -> Array:
    """Return R[j,j], the accuracy on each task just after it was learned; in [0, 1]."""
    table = as_matrix(matrix)
    task = np.arange(table.shape[1])
    learned: Array = table[task + 1, task]
    return learned


def final_accuracy_per_task(matrix: npt.ArrayLike) -> Array:
    """Return R[T,j], the accuracy on each task at the end of the stream; in [0, 1]."""
    final: Array = as_matrix(matrix)[-1].copy()
    return final


def backward_transfer_per_task(matrix: npt.ArrayLike) -> Array:
    """Return R[T,j] - R[j,j] for j < T, NaN for j = T; in [-1, 1], negative means forgotten.

    The terms of backward transfer in Lopez-Paz & Ranzato 2017, Gradient Episodic Memory, section 2.
    """
    return _without_last(final_accuracy_per_task(matrix) - learned_accuracy_per_task(matrix))


def forgetting_first_last_per_task(matrix: npt.ArrayLike) -> Array:
    """Return R[j,j] - R[T,j] for j < T, NaN for j = T; in [-1, 1], positive means forgotten.

    Avalanche's forgetting: the first value measured after learning, less the last; the negative of backward transfer.
    """
    return _without_last(learned_accuracy_per_task(matrix) - final_accuracy_per_task(matrix))


def forgetting_max_last_per_task(matrix: npt.ArrayLike) -> Array:
    """Return max over rows l = j..T-1 of R[l,j], less R[T,j], for j < T; NaN for j = T; in [-1, 1].

    Positive means forgotten. Chaudhry et al. 2018, Riemannian Walk, section 3.2 (their k is our T). The maximum runs
    over the rows from the one in which the task was just learned (row j, included) to the last but one (row T-1,
    included). The untrained row 0 and rows 1..j-1, before the task was learned, are left out (their formula writes
    l = 1..T-1): a lucky guess is not knowledge that can be forgotten. The final row is left out too, so the value is
    negative where the task is best at the very end. Never below :func:`forgetting_first_last_per_task`. NaN as soon as
    one of rows j..T was not evaluated.
    """
    table = as_matrix(matrix)
    size = table.shape[1]
    result = np.full(size, np.nan)
    for task in range(1, size):
        result[task - 1] = table[task:size, task - 1].max() - table[size, task - 1]
    return result


def retention_ratio_per_task(matrix: npt.ArrayLike) -> Array:
    """Return R[T,j] / R[j,j] for j < T, NaN for j = T and where R[j,j] = 0; at least 0, 1 means nothing was lost.

    The share of the learned accuracy that is left, chance level included. A ratio of accuracies in the manner of
    Kemker et al. 2018 (Measuring Catastrophic Forgetting, their Omega_base), but against the run's own R[j,j].
    """
    learned = learned_accuracy_per_task(matrix)
    ratio = np.full_like(learned, np.nan)
    np.divide(final_accuracy_per_task(matrix), learned, out=ratio, where=learned > 0.0)
    return _without_last(ratio)


def forward_transfer_per_task(matrix: npt.ArrayLike) -> Array:
    """Return R[j-1,j] - R[0,j] for j > 1, NaN for j = 1; in [-1, 1], positive means earlier tasks helped.

    The terms of forward transfer in Lopez-Paz & Ranzato 2017, section 2, with the untrained row as their b.
    """
    untrained: Array = as_matrix(matrix)[0]
    return forward_transfer_raw_per_task(matrix) - untrained


def forward_transfer_raw_per_task(matrix: npt.ArrayLike) -> Array:
    """Return R[j-1,j] for j > 1, NaN for j = 1: accuracy on a task just before it is learned; in [0, 1].

    Not corrected for chance: half of a two-class task is guessed right.
    """
    table = as_matrix(matrix)
    task = np.arange(table.shape[1])
    before: Array = table[task, task]
    before[0] = np.nan
    return before


def intransigence_per_task(matrix: npt.ArrayLike, reference: npt.ArrayLike) -> Array:
    """Return a*_j - R[j,j], with ``reference`` = a*; in [-1, 1], positive means the task was learned less well.

    Chaudhry et al. 2018, section 3.2. Their a*_j comes from a model trained jointly on tasks 1..j; here it is meant to
    be the accuracy of the same model trained on task j alone (the independent baseline).
    """
    learned = learned_accuracy_per_task(matrix)
    return as_reference(reference, learned.size) - learned


def _without_last(values: Array) -> Array:
    """Return ``values`` with NaN for the last task, which nothing came after."""
    values[-1] = np.nan
    return values
