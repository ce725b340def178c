r"""One kind of CSV file: its columns, and how a frame of them is checked, written and read.

A table is validated before it is written and while it is read, so a file on disk always has the columns of its table,
in their order, with numbers in a fixed format and lines that end in ``\n``. An empty cell in a ``float`` column is NaN:
the number is not defined there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from chaoscl.evaluation import csvtext

Dtype = Literal["int", "float", "str"]
TASK = "<task>"
SPREAD_PREFIX = "sd:"
_PANDAS = {"int": "int64", "float": "float64", "str": "str"}


@dataclass(frozen=True)
class Column:
    """One column of a CSV file.

    ``name`` may hold ``<task>``: then there is one such column for every task of the stream. ``pattern`` is the
    printf format of a float column.
    """

    name: str
    dtype: Dtype
    unit: str
    meaning: str
    pattern: str = "%.6f"


@dataclass(frozen=True)
class Table:
    """One kind of CSV file: its name, what one row is, and its columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    @property
    def dynamic(self) -> bool:
        """Whether some columns stand for one column per task."""
        return any(TASK in column.name for column in self.columns)

    @property
    def header(self) -> list[str]:
        """The column names in order."""
        return [column.name for column in self.columns]

    def with_tasks(self, tasks: Sequence[str]) -> "Table":
        """Return the table with each ``<task>`` column replaced by one column for every task, in stream order.

        Raises:
            ValueError: a task's name is empty, repeated, or would be taken for another column of this table.
        """
        fixed = {column.name for column in self.columns if TASK not in column.name}
        for task in tasks:
            if not task or task in fixed or task.startswith(SPREAD_PREFIX) or TASK in task:
                raise ValueError(f"{self.name}: {task!r} cannot be a task's name, a column there is called so")
            if list(tasks).count(task) > 1:
                raise ValueError(f"{self.name}: task {task!r} appears more than once")
        columns: list[Column] = []
        for column in self.columns:
            if TASK in column.name:
                columns += [replace(column, name=column.name.replace(TASK, task)) for task in tasks]
            else:
                columns.append(column)
        return replace(self, columns=tuple(columns))

    def concrete(self, header: Sequence[str]) -> "Table":
        """Return the table with its tasks read off ``header``; a table without task columns is returned as it is."""
        if not self.dynamic:
            return self
        fixed = {column.name for column in self.columns}
        return self.with_tasks([name for name in header if name not in fixed and not name.startswith(SPREAD_PREFIX)])


def empty(table: Table) -> pd.DataFrame:
    """Return a frame with the table's columns and no rows; ValueError if task columns are still to be filled in."""
    if table.dynamic:
        raise ValueError(f"{table.name}: name the tasks first, with_tasks(...)")
    return pd.DataFrame({column.name: pd.Series([], dtype=_PANDAS[column.dtype]) for column in table.columns})


def validate(frame: pd.DataFrame, table: Table) -> None:
    """Check that ``frame`` has exactly the table's columns, in order, each of its type.

    Raises:
        ValueError: one line that names the table and the first wrong column.
    """
    header = [str(name) for name in frame.columns]
    table = table.concrete(header)
    _check_header(header, table, table.name)
    for column in table.columns:
        problem = _problem(frame[column.name], column.dtype)
        if problem:
            raise ValueError(f"{table.name}: column {column.name!r} {problem}")


def to_csv(frame: pd.DataFrame, table: Table) -> str:
    r"""Return the CSV text of a valid frame: same values, same bytes. Raises ValueError as :func:`validate` does."""
    validate(frame, table)
    table = table.concrete([str(name) for name in frame.columns])
    cells = [_texts(frame[column.name], column) for column in table.columns]
    return csvtext.dump(table.header, list(zip(*cells, strict=True)))


def write_csv(frame: pd.DataFrame, table: Table, path: Path) -> None:
    """Write :func:`to_csv`'s text to ``path``. Not atomic: that is the caller's part."""
    path.write_text(to_csv(frame, table), encoding="utf-8", newline="\n")


def read_csv(table: Table, path: Path) -> pd.DataFrame:
    """Return the frame in the file at ``path``.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: one line that names the file, and the column where one is wrong.
    """
    header, rows = csvtext.load(path)
    try:
        table = table.concrete(header)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    _check_header(header, table, str(path))
    parsed: dict[str, pd.Series] = {}
    for index, column in enumerate(table.columns):
        parsed[column.name] = _parsed([row[index] for row in rows], column, path)
    return pd.DataFrame(parsed)


def as_markdown(table: Table) -> str:
    """Return a Markdown section that documents ``table``."""
    lines = [f"### `{table.name}`", "", f"{table.meaning[0].upper()}{table.meaning[1:]}.", ""]
    lines += ["| column | type | unit | meaning |", "|---|---|---|---|"]
    for column in table.columns:
        unit = column.unit or "-"
        lines.append(f"| `{column.name}` | {column.dtype} | {unit} | {column.meaning.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def _check_header(header: Sequence[str], table: Table, where: str) -> None:
    """Raise ValueError that names the first column which is missing, unknown or out of place."""
    expected = table.header
    for name in expected:
        if name not in header:
            raise ValueError(f"{where}: column {name!r} is missing")
    for name in header:
        if name not in expected:
            raise ValueError(f"{where}: column {name!r} is unknown")
    for found, wanted in zip(header, expected, strict=False):
        if found != wanted:
            raise ValueError(f"{where}: column {found!r} stands where {wanted!r} belongs")
    if len(header) != len(expected):
        raise ValueError(f"{where}: column {header[len(expected)]!r} appears more than once")


def _problem(values: pd.Series, dtype: Dtype) -> str:
    """Return what is wrong with a column of the given type, or the empty text."""
    if dtype == "str":
        return "" if all(isinstance(value, str) for value in values) else "must hold text in every row"
    if dtype == "int":
        return "" if str(values.dtype) == "int64" else f"must be int64, it is {values.dtype}"
    if str(values.dtype) != "float64":
        return f"must be float64, it is {values.dtype}"
    return "holds an infinite number" if bool(np.isinf(values.to_numpy()).any()) else ""


def _texts(values: pd.Series, column: Column) -> list[str]:
    """Return the cells of a valid column as text."""
    if column.dtype == "float":
        return [csvtext.format_float(float(value), column.pattern) for value in values]
    return [str(value) for value in values]


def _parsed(texts: list[str], column: Column, path: Path) -> pd.Series:
    """Return a column from text cells; ValueError names the file, the column and the row."""
    if column.dtype == "str":
        return pd.Series(texts, dtype="str")
    parse = csvtext.parse_int if column.dtype == "int" else csvtext.parse_float
    numbers: list[float] = []
    for number, text in enumerate(texts, start=1):
        try:
            numbers.append(parse(text))
        except ValueError as error:
            raise ValueError(f"{path}: column {column.name!r}, row {number}: {text!r} is not a number") from error
    return pd.Series(numbers, dtype=_PANDAS[column.dtype])
