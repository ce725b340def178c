"""The text of a CSV file: fixed number formats out, one clear line of complaint in.

Pandas guesses types and renames repeated headers; result files must do neither. So cells leave and enter as text here,
and :mod:`chaoscl.evaluation.schema` says what each one means.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

_INTEGER = re.compile(r"-?\d+")


def format_float(value: float, pattern: str = "%.6f") -> str:
    """Return ``value`` in a fixed ``pattern``; NaN is the empty text, and what rounds to zero carries no sign."""
    if math.isnan(value):
        return ""
    text = pattern % value
    return pattern % 0.0 if float(text) == 0.0 else text


def parse_float(text: str) -> float:
    """Return the finite number in ``text``, NaN for the empty text; ValueError for anything else."""
    if text == "":
        return math.nan
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    return value


def parse_int(text: str) -> int:
    """Return the whole number in ``text``; ValueError for anything else, the empty text included."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def dump(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Return the CSV text of a header and rows of text cells; every line ends in ``\n``."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def parse(text: str) -> list[list[str]]:
    """Return the header and the rows of a CSV text as text cells."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def load(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return (header, rows) of the CSV file at ``path`` as text cells.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is empty, is not UTF-8 text, is not CSV, repeats a column or has a row of another length.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            lines = list(csv.reader(stream, strict=True))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text ({error.reason})") from error
    except csv.Error as error:
        raise ValueError(f"{path}: not a CSV file ({error})") from error
    if not lines or not lines[0]:
        raise ValueError(f"{path}: empty, a header line was expected")
    header, rows = lines[0], lines[1:]
    for name in header:
        if header.count(name) > 1:
            raise ValueError(f"{path}: column {name!r} appears more than once")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            column = header[min(len(row), len(header) - 1)]
            raise ValueError(f"{path}: row {number} has {len(row)} cells, not {len(header)} (see column {column!r})")
    return header, rows
