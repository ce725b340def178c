"""Whether the files of a results folder are what its matrices.csv says: every aggregate is made anew and compared.

Costs, timings and curves are measured, so only the runs that they are about are compared, not their numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from chaoscl.evaluation import csvtext, schema
from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.matrices import RUN, aggregate_frames, data_digest, read_records

MEASURED = (schema.COSTS, schema.TIMINGS)
NOTHING = "no such line"


@dataclass(frozen=True)
class Difference:
    """A cell of a committed file that does not follow from matrices.csv.

    Attributes:
        file: its name.
        line: in the file; the header is 1.
        column: its name.
        committed: the text in the file.
        recomputed: the text that belongs there.
    """

    file: str
    line: int
    column: str
    committed: str
    recomputed: str

    def __str__(self) -> str:
        """Return the difference as one line."""
        place = f"{self.file}, line {self.line}, {self.column}"
        return f"{place}: '{self.committed}' in the file, '{self.recomputed}' by {schema.MATRICES.name}"


def differences(folder: Path) -> list[Difference]:
    """Return each cell of a results folder's files that does not follow from its matrices.csv.

    Compared are all cells of retention.csv, forgetting.csv, summary.csv and comparisons.csv; in runs.csv, costs.csv,
    timings.csv and curves.csv, which runs the lines are about; in data.csv, the hashes of the data.

    Raises:
        ValueError: a file is missing or is no CSV file of that kind, or matrices.csv is not valid; one line.
    """
    records = read_records(folder)
    found: list[Difference] = []
    for table, frame in aggregate_frames(records).items():
        header, rows = _load(folder / table.name)
        wanted = schema.to_csv(frame, table)
        found += _compared(table.name, [header, *rows], csvtext.parse(wanted))
    for table in MEASURED:
        found += _runs_compared(table.name, _read(table, folder)[RUN], records)
    curves = _read(schema.FOLDER_CURVES, folder)[RUN].drop_duplicates()
    known = [record for record in records if record.run in set(curves.itertuples(index=False, name=None))]
    found += _runs_compared(schema.FOLDER_CURVES.name, curves, known)
    return [*found, *_finished_compared(folder, records), *_data_compared(folder, records)]


def _load(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        return csvtext.load(path)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from error


def _read(table: schema.Table, folder: Path) -> pd.DataFrame:
    try:
        return schema.read_csv(table, folder / table.name)
    except OSError as error:
        raise ValueError(f"{folder / table.name} cannot be read ({error.strerror})") from error


def _compared(file: str, held: Sequence[Sequence[str]], wanted: Sequence[Sequence[str]]) -> Iterator[Difference]:
    """Yield the cells that differ; both hold the header first. A line too many or too few is one difference."""
    header = wanted[0]
    for line in range(max(len(held), len(wanted))):
        if line >= len(held) or line >= len(wanted):
            there = [",".join(lines[line]) if line < len(lines) else NOTHING for lines in (held, wanted)]
            yield Difference(file, line + 1, "the whole line", *there)
            continue
        one, other = held[line], wanted[line]
        for column in range(max(len(one), len(other))):
            cells = [row[column] if column < len(row) else "no such column" for row in (one, other)]
            if cells[0] != cells[1]:
                yield Difference(file, line + 1, header[min(column, len(header) - 1)], *cells)


def _runs_compared(file: str, held: pd.DataFrame, records: Sequence[RunRecord]) -> Iterator[Difference]:
    """Yield where the lines of a file are not about these runs, in their order.

    Args:
        file: its name.
        held: the columns of RUN; the index gives the lines.
        records: the runs.
    """
    for place in range(max(len(held), len(records))):
        if place >= len(held) or place >= len(records):
            there = [_named(held.iloc[place].tolist()) if place < len(held) else NOTHING]
            there.append(_named(records[place].run) if place < len(records) else NOTHING)
            line = int(held.index[place]) + 2 if place < len(held) else len(held) + 2
            yield Difference(file, line, "the whole line", *there)
            continue
        for name, cell, wanted in zip(RUN, held.iloc[place].tolist(), records[place].run, strict=True):
            if cell != wanted:
                yield Difference(file, int(held.index[place]) + 2, name, str(cell), str(wanted))


def _named(key: Sequence[object]) -> str:
    return ",".join(map(str, key))


def _finished_compared(folder: Path, records: Sequence[RunRecord]) -> Iterator[Difference]:
    """Yield where the finished runs of runs.csv are not those of matrices.csv, by their names and hashes."""
    runs = _read(schema.RUNS, folder)
    finished = runs[runs["status"] == "finished"]
    yield from _runs_compared(schema.RUNS.name, finished[RUN], records)
    hashes = _read(schema.MATRICES, folder).drop_duplicates(RUN)["run"]
    for line, name, wanted in zip(finished.index, finished["run"], hashes, strict=False):
        if name.rpartition("-")[2] != wanted:
            yield Difference(schema.RUNS.name, int(line) + 2, "run", name.rpartition("-")[2], wanted)


def _data_compared(folder: Path, records: Sequence[RunRecord]) -> Iterator[Difference]:
    """Yield the digest over the data sets of data.csv, if it is not that of the runs."""
    data = _read(schema.DATA, folder)
    digest = data_digest(data["dataset"], data["sha256"])
    for wanted in {record.data_sha256 for record in records} - {digest}:
        yield Difference(schema.DATA.name, 2, "sha256, of all data sets together", digest, wanted)
