"""The retention matrix: what a run knew of every task after every step of its stream.

Row 0 holds the accuracies of the untrained model, row i (1..T) those after training on the i-th task, one column per
task. Everything the suite reports about a run's learning and forgetting is a function of this matrix.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from chaoscl.evaluation import schema

UNTRAINED = "untrained"
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RetentionMatrix:
    """Accuracies of one run on all T tasks, before training and after each task.

    Attributes:
        tasks: the T tasks' names in the order of the stream.
        mean: (T+1, T) accuracies in [0, 1], mean over the evaluation repetitions. Rows 1..T-1 may be NaN as a whole,
            for a baseline that is trained only once; rows 0 and T are complete.
        sd: (T+1, T) standard deviation over the repetitions, NaN where ``mean`` is. With one repetition the spread is
            not defined and may be either 0 or NaN.
        repetitions: how often each cell was evaluated, at least once.

    Both arrays are copied and made read-only.

    Raises:
        ValueError: one of these rules is broken.
    """

    tasks: tuple[str, ...]
    mean: Array
    sd: Array
    repetitions: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "tasks", tuple(self.tasks))
        for name in ("mean", "sd"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        self._check()

    def _check(self) -> None:
        if not self.tasks:
            raise ValueError("retention matrix: no tasks")
        schema.RETENTION_MATRIX.with_tasks(self.tasks)  # names that the file could not tell apart
        size = len(self.tasks)
        for name, array in (("mean", self.mean), ("sd", self.sd)):
            if array.shape != (size + 1, size):
                raise ValueError(f"retention matrix: {name} has shape {array.shape}, not {(size + 1, size)}")
        if isinstance(self.repetitions, bool) or not isinstance(self.repetitions, int) or self.repetitions < 1:
            raise ValueError(f"retention matrix: repetitions must be a whole number from 1, not {self.repetitions!r}")
        missing = np.isnan(self.mean)
        for row in range(size + 1):
            if missing[row].any() and (row in (0, size) or not missing[row].all()):
                task = self.tasks[int(np.argmax(missing[row]))]
                raise ValueError(f"retention matrix: row {row} has no accuracy for task {task!r}")
        outside = ~missing & ~((self.mean >= 0.0) & (self.mean <= 1.0))
        if outside.any():
            row, column = np.argwhere(outside)[0]
            place = f"row {row}, task {self.tasks[column]!r}"
            raise ValueError(f"retention matrix: {place}: accuracy {self.mean[row, column]} is not in [0, 1]")
        self._check_spread(missing)

    def _check_spread(self, missing: npt.NDArray[np.bool_]) -> None:
        unknown = np.isnan(self.sd)
        if self.repetitions == 1 and bool(unknown.all()):
            return
        if not np.array_equal(unknown, missing):
            row, column = np.argwhere(unknown != missing)[0]
            raise ValueError(
                f"retention matrix: row {row}, task {self.tasks[column]!r}: only one of mean and sd is there"
            )
        if bool((self.sd[~missing] < 0.0).any()) or bool(np.isinf(self.sd).any()):
            raise ValueError("retention matrix: a standard deviation is negative or infinite")

    def __eq__(self, other: object) -> bool:
        """Whether tasks, repetitions and both arrays are the same, NaN counting as equal to NaN."""
        if not isinstance(other, RetentionMatrix):
            return NotImplemented
        return (
            (self.tasks, self.repetitions) == (other.tasks, other.repetitions)
            and np.array_equal(self.mean, other.mean, equal_nan=True)
            and np.array_equal(self.sd, other.sd, equal_nan=True)
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the wide table that :data:`chaoscl.evaluation.schema.RETENTION_MATRIX` describes."""
        columns: dict[str, object] = {
            "row": np.arange(len(self.tasks) + 1, dtype=np.int64),
            "after": [UNTRAINED, *self.tasks],
        }
        columns |= {task: self.mean[:, index] for index, task in enumerate(self.tasks)}
        columns |= {schema.SPREAD_PREFIX + task: self.sd[:, index] for index, task in enumerate(self.tasks)}
        columns["repetitions"] = np.full(len(self.tasks) + 1, self.repetitions, dtype=np.int64)
        return pd.DataFrame(columns)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> "RetentionMatrix":
        """Return the matrix in a frame made by :meth:`to_frame`; ValueError names what is wrong."""
        schema.validate(frame, schema.RETENTION_MATRIX)
        tasks = tuple(str(name) for name in frame.columns[2:] if f"{schema.SPREAD_PREFIX}{name}" in frame.columns)
        if list(frame["row"]) != list(range(len(tasks) + 1)):
            raise ValueError(f"retention matrix: column 'row' must count from 0 to {len(tasks)}")
        if list(frame["after"]) != [UNTRAINED, *tasks]:
            raise ValueError("retention matrix: column 'after' must name 'untrained', then the tasks in order")
        repetitions = set(frame["repetitions"])
        if len(repetitions) != 1:
            raise ValueError("retention matrix: column 'repetitions' must hold one number")
        spread = [schema.SPREAD_PREFIX + task for task in tasks]
        return cls(tasks, frame[list(tasks)].to_numpy(), frame[spread].to_numpy(), int(repetitions.pop()))

    def to_csv(self) -> str:
        """Return the text of ``retention_matrix.csv``: numbers with six decimals, empty for NaN."""
        return schema.to_csv(self.to_frame(), schema.RETENTION_MATRIX)

    def write_csv(self, path: Path) -> None:
        """Write :meth:`to_csv`'s text to ``path``. Not atomic: that is the caller's part."""
        schema.write_csv(self.to_frame(), schema.RETENTION_MATRIX, path)

    @classmethod
    def read_csv(cls, path: Path) -> "RetentionMatrix":
        """Return the matrix in the file at ``path``.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: one line that names the file and what is wrong in it.
        """
        frame = schema.read_csv(schema.RETENTION_MATRIX, path)
        try:
            return cls.from_frame(frame)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
