"""Continual-learning metrics: one number each, pure functions of the retention matrix R.

R has shape (T+1, T): row 0 is the untrained model, row i (1..T) the model after the i-th task; tasks are numbered 1..T
in the formulas. A metric that is not defined (one task only, rows that were not evaluated, no reference) is NaN, and so
is every average with an undefined term: an average never changes the tasks it runs over without saying so.

A new metric is one function under :func:`metric`, here or in a file of one's own; the tables, their order and the
documents follow from it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from chaoscl.evaluation import per_task
from chaoscl.evaluation.heads import heads_are_shared
from chaoscl.evaluation.modality import mean_step_forgetting
from chaoscl.evaluation.per_task import as_matrix
from chaoscl.registry import ATTACHED, Origin, Registry

Needs = Literal["", "reference", "modalities", "heads"]
Function = TypeVar("Function", bound=Callable[..., float])

LOPEZ_PAZ = "Lopez-Paz & Ranzato 2017, Gradient Episodic Memory for Continual Learning"
CHAUDHRY = "Chaudhry et al. 2018, Riemannian Walk for Incremental Learning"
KEMKER = "Kemker et al. 2018, Measuring Catastrophic Forgetting in Neural Networks"


@dataclass(frozen=True)
class Metric:
    """One entry of the registry.

    Attributes:
        name: name in tables, also the function's name.
        title: name for people.
        function: takes R, and after it the reference accuracies, the modalities or the heads when ``needs`` says so.
        formula: the definition in one line.
        unit: "fraction" (of test samples) or "ratio".
        higher_is_better: the sign convention.
        bounds: smallest and largest possible value.
        citation: where the definition comes from.
        needs: what is needed besides R.
        origin: where it was defined; set by the registry.
    """

    name: str
    title: str
    function: Callable[..., float]
    formula: str
    unit: str
    higher_is_better: bool
    bounds: tuple[float, float]
    citation: str
    needs: Needs = ""
    origin: Origin = field(default_factory=Origin, compare=False)

    def compute(
        self,
        matrix: npt.ArrayLike,
        reference: npt.ArrayLike | None = None,
        modalities: Sequence[str] | None = None,
        heads: Sequence[int] | None = None,
    ) -> float:
        """Return the metric's value; NaN when what it needs was not given."""
        if not self.needs:
            return self.function(matrix)
        given = {"reference": reference, "modalities": modalities, "heads": heads}[self.needs]
        return float("nan") if given is None else self.function(matrix, given)


def _own() -> Iterator[Metric]:
    """Yield the metrics of this module, in its order."""
    yield from (getattr(value, ATTACHED) for value in list(globals().values()) if hasattr(value, ATTACHED))


METRICS: Registry[Metric] = Registry("metric", Metric, _own)


def metric(
    title: str,
    formula: str,
    bounds: tuple[float, float],
    citation: str,
    *,
    higher_is_better: bool = True,
    unit: str = "fraction",
    needs: Needs = "",
) -> Callable[[Function], Function]:
    """Make the decorated function a metric under its own name; their order in a file is that of the tables.

    Args:
        title: name for people.
        formula: the definition in one line.
        bounds: smallest and largest possible value.
        citation: where the definition comes from.
        higher_is_better: the sign convention.
        unit: "fraction" (of test samples) or "ratio".
        needs: what the function takes besides R: "reference", "modalities" or "heads".
    """

    def attach(function: Function) -> Function:
        name = function.__name__
        made = Metric(name, title, function, formula, unit, higher_is_better, bounds, citation, needs)
        setattr(function, ATTACHED, made)
        return function

    return attach


def summarise(
    matrix: npt.ArrayLike,
    reference: npt.ArrayLike | None = None,
    modalities: Sequence[str] | None = None,
    heads: Sequence[int] | None = None,
) -> dict[str, float]:
    """Return every metric of R by name, in registry order.

    Args:
        matrix: (T+1, T) retention matrix.
        reference: T accuracies of the independent baseline, for intransigence.
        modalities: the T tasks' modalities, for forgetting within and across modalities.
        heads: the T tasks' heads, equal where two tasks share one, for forward transfer.
    """
    return {name: entry.compute(matrix, reference, modalities, heads) for name, entry in METRICS.items()}


@metric("Average accuracy", "mean over j = 1..T of R[T,j]", (0.0, 1.0), LOPEZ_PAZ)
def average_accuracy(matrix: npt.ArrayLike) -> float:
    """Return ACC, the mean accuracy over all tasks after the whole stream; in [0, 1], higher is better.

    Lopez-Paz & Ranzato 2017, equation 2.
    """
    return _mean(per_task.final_accuracy_per_task(matrix))


@metric(
    "Average incremental accuracy (average anytime accuracy)",
    "mean over i = 1..T of the mean over j = 1..i of R[i,j]",
    (0.0, 1.0),
    "Rebuffi et al. 2017, iCaRL; with one evaluation a task the average anytime accuracy of Caccia et al. 2022",
)
def average_incremental_accuracy(matrix: npt.ArrayLike) -> float:
    """Return the mean, over the rows, of the accuracy on the tasks seen so far; in [0, 1], higher is better.

    Rebuffi et al. 2017, section 4. The average anytime accuracy (AAA) of Caccia et al. 2022, New Insights on Reducing
    Abrupt Representation Change, is the same mean over as many evaluations as there are; with one evaluation an
    experience, as here, the two are one number and so one metric. Every row counts the same, however many tasks it has.
    """
    table = as_matrix(matrix)
    return _mean(np.array([table[row, :row].mean() for row in range(1, table.shape[0])]))


@metric("Learning accuracy", "mean over j = 1..T of R[j,j]", (0.0, 1.0), "Riemer et al. 2019, Meta-Experience Replay")
def learning_accuracy(matrix: npt.ArrayLike) -> float:
    """Return the mean accuracy on each task just after it was learned; in [0, 1], higher is better.

    Riemer et al. 2019, section 5. Several papers call this number plasticity.
    """
    return _mean(per_task.learned_accuracy_per_task(matrix))


@metric("Backward transfer", "mean over j < T of R[T,j] - R[j,j]", (-1.0, 1.0), LOPEZ_PAZ)
def backward_transfer(matrix: npt.ArrayLike) -> float:
    """Return BWT, what later tasks did to earlier ones; in [-1, 1], negative is forgetting, higher is better.

    Lopez-Paz & Ranzato 2017, equation 3. Exactly the negative of :func:`forgetting_first_last`. NaN for T = 1.
    """
    return _mean(per_task.backward_transfer_per_task(matrix)[:-1])


@metric(
    "Forgetting (first - last)",
    "mean over j < T of R[j,j] - R[T,j]",
    (-1.0, 1.0),
    "Lomonaco et al. 2021, Avalanche (StreamForgetting); the negative of backward transfer",
    higher_is_better=False,
)
def forgetting_first_last(matrix: npt.ArrayLike) -> float:
    """Return the mean loss since each task was learned; in [-1, 1], positive is forgetting, lower is better.

    Avalanche's definition. NaN for T = 1.
    """
    return _mean(per_task.forgetting_first_last_per_task(matrix)[:-1])


@metric(
    "Forgetting (max - last)",
    "mean over j < T of (max over l = j..T-1 of R[l,j]) - R[T,j]",
    (-1.0, 1.0),
    CHAUDHRY,
    higher_is_better=False,
)
def forgetting_max_last(matrix: npt.ArrayLike) -> float:
    """Return the mean loss since each task's best row; in [-1, 1], positive is forgetting, lower is better.

    Chaudhry et al. 2018, section 3.2. The best row is sought in rows j..T-1: not in the untrained row, not in rows
    before the task was learned, not in the final row. Never below :func:`forgetting_first_last`. NaN for T = 1.
    """
    return _mean(per_task.forgetting_max_last_per_task(matrix)[:-1])


@metric(
    "Retention ratio",
    "mean over j < T of R[T,j] / R[j,j]",
    (0.0, float("inf")),
    f"accuracy ratio after {KEMKER}, against the run's own R[j,j]",
    unit="ratio",
)
def retention_ratio(matrix: npt.ArrayLike) -> float:
    """Return the mean share of the learned accuracy that is left at the end; from 0, 1 is no loss, higher is better.

    A mean of ratios, not a ratio of means. Chance level is not taken off: a two-class task keeps about half for
    nothing. NaN for T = 1 and when a task was learned to accuracy 0.
    """
    return _mean(per_task.retention_ratio_per_task(matrix)[:-1])


@metric("Forward transfer", "mean over j > 1 of R[j-1,j] - R[0,j]", (-1.0, 1.0), LOPEZ_PAZ, needs="heads")
def forward_transfer(matrix: npt.ArrayLike, heads: Sequence[int]) -> float:
    """Return FWT, the gain on tasks not yet learned over the untrained model; in [-1, 1], higher is better.

    Lopez-Paz & Ranzato 2017, equation 4, with b = R[0]. NaN for T = 1, and where a task after the first has a head that
    no earlier task trained: see :mod:`chaoscl.evaluation.heads`.
    """
    return _transfer(per_task.forward_transfer_per_task(matrix), heads)


@metric(
    "Forward transfer (no baseline)",
    "mean over j > 1 of R[j-1,j]",
    (0.0, 1.0),
    f"{LOPEZ_PAZ}, without their b; compare Diaz-Rodriguez et al. 2018, who average every R[i,j] with i < j",
    needs="heads",
)
def forward_transfer_raw(matrix: npt.ArrayLike, heads: Sequence[int]) -> float:
    """Return the mean accuracy on each task just before it is learned; in [0, 1], higher is better.

    Holds the chance level of each task, so compare it only within one stream. NaN where :func:`forward_transfer` is.
    """
    return _transfer(per_task.forward_transfer_raw_per_task(matrix), heads)


@metric(
    "Intransigence",
    "mean over j = 1..T of a*_j - R[j,j], a* of the independent baseline",
    (-1.0, 1.0),
    f"{CHAUDHRY}; their a*_j is a joint model of tasks 1..j",
    higher_is_better=False,
    needs="reference",
)
def intransigence(matrix: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Return how much worse tasks are learned in the stream than alone; in [-1, 1], lower is better.

    Chaudhry et al. 2018, section 3.2, averaged over the tasks (they give it per step). Their reference is trained
    jointly on all tasks up to j; ours, ``reference``, is trained on task j alone, so it holds no help from other tasks.
    """
    return _mean(per_task.intransigence_per_task(matrix, reference))


@metric("Plasticity", "mean over j = 2..T of R[j,j]", (0.0, 1.0), f"{KEMKER} (Omega_new)")
def plasticity(matrix: npt.ArrayLike) -> float:
    """Return how well new tasks are learned on top of old ones; in [0, 1], higher is better.

    Kemker et al. 2018, Omega_new. It differs from :func:`learning_accuracy` in leaving out the first task, which is
    learned by a fresh model and so says nothing of plasticity. NaN for T = 1.
    """
    return _mean(per_task.learned_accuracy_per_task(matrix)[1:])


@metric(
    "Stability",
    "mean over j < T of R[T,j]",
    (0.0, 1.0),
    "Sarfraz, Arani & Zonooz 2022, SYNERgy (stability: accuracy on the earlier tasks after the last)",
)
def stability(matrix: npt.ArrayLike) -> float:
    """Return the final accuracy on all tasks but the last; in [0, 1], higher is better.

    Sarfraz et al. 2022. Unlike backward transfer it cannot be made good by learning little. NaN for T = 1.
    """
    return _mean(per_task.final_accuracy_per_task(matrix)[:-1])


@metric(
    "Forgetting per step, same modality",
    "mean over j < i of equal modality of R[i-1,j] - R[i,j]",
    (-1.0, 1.0),
    "step differences whose sum is forgetting_first_last, split by modality; this suite's own",
    higher_is_better=False,
    needs="modalities",
)
def forgetting_within_modality(matrix: npt.ArrayLike, modalities: Sequence[str]) -> float:
    """Return what one step on a task costs earlier tasks of its own modality; in [-1, 1], lower is better.

    See :mod:`chaoscl.evaluation.modality`, which has the full block table. NaN when there is no such pair.
    """
    return mean_step_forgetting(matrix, modalities, same=True)


@metric(
    "Forgetting per step, other modality",
    "mean over j < i of different modality of R[i-1,j] - R[i,j]",
    (-1.0, 1.0),
    "step differences whose sum is forgetting_first_last, split by modality; this suite's own",
    higher_is_better=False,
    needs="modalities",
)
def forgetting_cross_modality(matrix: npt.ArrayLike, modalities: Sequence[str]) -> float:
    """Return what one step on a task costs earlier tasks of other modalities; in [-1, 1], lower is better.

    See :mod:`chaoscl.evaluation.modality`, which has the full block table. NaN when there is no such pair.
    """
    return mean_step_forgetting(matrix, modalities, same=False)


def _transfer(values: npt.NDArray[np.float64], heads: Sequence[int]) -> float:
    """Return the mean over the tasks after the first; NaN unless each shares its head with an earlier task."""
    if len(heads) != values.size:
        raise ValueError(f"heads: one a task is needed, {values.size}, not {len(heads)}")
    return _mean(values[1:]) if heads_are_shared(heads) else float("nan")


def _mean(values: npt.NDArray[np.float64]) -> float:
    """Return the mean; NaN for no values or when one of them is NaN."""
    return float(values.mean()) if values.size else float("nan")
