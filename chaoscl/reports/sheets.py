"""The tables of a results folder as texts, each with a name and a caption: for the page, and for papers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from chaoscl.evaluation import schema
from chaoscl.evaluation.matrices import RUN
from chaoscl.evaluation.metrics import METRICS
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.files import write_atomic
from chaoscl.reports.estimates import RANGE_NOTE, has_range, percent
from chaoscl.reports.results import Results
from chaoscl.reports.tables import (
    LEVEL,
    SHOWN,
    byte_size,
    comparison_table,
    cost_table,
    csv_text,
    data_table,
    latex,
    main_table,
    margin_text,
    markdown,
    short_count,
    shown_metrics,
    table_notes,
)

_NUMBER = re.compile(r"[<+-]?[\d,]+(\.\d+)?(e[+-]\d+)?( ?([kMGTP]|[KMGT]iB|B))?( [(±/].*| of .*)?")
_LEVELS = ((0.001, "***"), (0.01, "**"), (LEVEL, "*"))
_KEY = ["baseline", "model"]


@dataclass(frozen=True)
class Sheet:
    """A table of texts.

    Attributes:
        name: for a file or an anchor.
        caption: one line.
        frame: the cells, texts.
        note: what a reader must know to read it; or empty.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    note: str = ""

    @property
    def numeric(self) -> list[bool]:
        """Whether each column holds numbers, with ``-`` where there is none."""
        columns = [self.frame.iloc[:, place] for place in range(self.frame.shape[1])]
        return [
            all(cell == "-" or _NUMBER.fullmatch(cell) for cell in column) and len(column) > 0 for column in columns
        ]

    @property
    def rows(self) -> list[list[str]]:
        """The cells by row."""
        return [[str(cell) for cell in row] for row in self.frame.itertuples(index=False)]


def main_sheet(results: Results) -> Sheet:
    """Return the metrics of each baseline, percent, and whether its average accuracy differs from the reference's."""
    frame = main_table(results[schema.FORGETTING], results[schema.SUMMARY])
    shown = frame[[*_KEY, *shown_metrics(results[schema.SUMMARY]).values(), "seeds"]].copy()
    comparisons = results[schema.COMPARISONS]
    comparisons = comparisons[comparisons["metric"] == "average_accuracy"]
    if len(comparisons):
        reference = str(comparisons["reference"].iloc[0]).partition(" (")[0]
        lines = {(line["baseline"], line["model"]): line for line in comparisons.to_dict("records")}
        marks = [significance(lines.get(key)) for key in shown[_KEY].itertuples(index=False, name=None)]
        shown.insert(3, f"differs from {reference}", marks)
    notes = " ".join([main_note(results), *table_notes(results[schema.SUMMARY], shown)])
    return Sheet("main", "Accuracy, transfer and forgetting, %", shown, notes)


def significance(line: dict[Any, Any] | None) -> str:
    """Return ``***``, ``**`` or ``*`` with the direction, ``equal within ...``, ``n.s.``, or why there is no test.

    Args:
        line: of comparisons.csv, or None for the reference itself.
    """
    if line is None:
        return "reference"
    if pd.isna(line["p_holm"]):
        return "not tested"
    mark = next((stars for level, stars in _LEVELS if line["p_holm"] < level), "")
    if mark:
        return f"{mark} {'higher' if line['difference'] > 0 else 'lower'}"
    return f"equal within {margin_text(line['margin'])}" if line["p_tost_holm"] < LEVEL else "n.s."


def main_note(results: Results) -> str:
    """Return how to read the main table's intervals and marks."""
    several = results.values("average_accuracy")["ci95"].notna().any()
    spread = "Mean ± 95 % Student interval over seeds." if several else "One seed: no intervals."
    comparisons = results[schema.COMPARISONS]
    if not len(comparisons):
        missing = schema.COMPARISONS.name in results.missing
        why = f"There is no {schema.COMPARISONS.name}" if missing else f"{schema.COMPARISONS.name} is empty"
        return f"{spread} {why}, so nothing says which differences are significant."
    marks = (
        "Marks: permutation test on average accuracy, paired over seeds, after Holm:"
        " *** p < 0.001, ** p < 0.01, * p < 0.05; equal within a margin: no such difference, but an equivalence test"
        " (TOST, after Holm) at 5 %; n.s.: neither, so nothing is decided."
    )
    pairs = int(comparisons["n"].max())
    tested = len(comparisons.loc[comparisons["p_holm"].notna(), _KEY].drop_duplicates())
    least = min(1.0, tested * 2 / 2**pairs)
    if pairs < 2:
        return f"{spread} {marks} One pair of runs: nothing can be tested."
    if least > LEVEL:
        marks += (
            f" With {pairs} pairs and {tested} tests p cannot fall below {least:.3g}, so no difference can be"
            " significant here: read it, its interval and the smallest detectable difference below."
        )
    return f"{spread} {marks}"


def task_sheet(results: Results) -> Sheet:
    """Return the final accuracy of each baseline on each task, percent."""
    frame = main_table(results[schema.FORGETTING], results[schema.SUMMARY])
    shown = frame[[*_KEY, *results.tasks]]
    note = RANGE_NOTE if has_range([shown]) else ""
    return Sheet("tasks", "Accuracy on each task at the end of the stream, %", shown, note)


def comparison_sheet(results: Results) -> Sheet | None:
    """Return how each baseline differs from the reference in each metric compared, or None without comparisons."""
    comparisons = results[schema.COMPARISONS]
    if not len(comparisons):
        return None
    parts = []
    for metric in dict.fromkeys(comparisons["metric"]):
        part = comparison_table(comparisons, metric)
        part.insert(2, "metric", METRICS[metric].title if metric in METRICS else metric)
        parts.append(part)
    margin = margin_text(float(comparisons["margin"].iloc[0]))
    note = (
        "Baseline minus reference, paired over seeds and task orders. p (Holm): of a difference. p (equal): of"
        f" equality within {margin} (TOST), after Holm. Not decided: neither is significant at 5 %. detectable: the"
        " smallest true difference that so many pairs find with 80 % power; a smaller one that is not significant says"
        " nothing."
    )
    frame = pd.concat(parts, ignore_index=True)
    note += f" {RANGE_NOTE}" if has_range([frame]) else ""
    return Sheet("comparisons", "Paired differences, percentage points", frame, note)


def cost_sheet(results: Results) -> Sheet | None:
    """Return what each baseline costs, or None where costs.csv is not there."""
    if not len(results[schema.COSTS]):
        return None
    frame = cost_table(results[schema.COSTS], results[schema.TIMINGS])
    note = "Means over runs. Seconds and peak memory differ from machine to machine; all else does not."
    return Sheet("costs", "Costs", frame, note)


def data_sheet(results: Results) -> Sheet:
    """Return the data as used: rows of official rows, and the full hash."""
    frame = data_table(results[schema.DATA])
    frame["SHA-256"] = results[schema.DATA]["sha256"]
    return Sheet("data", "Data as used", frame)


def run_sheet(results: Results) -> Sheet:
    """Return a line for each run: what became of it, what it cost and what it reached."""
    runs = results[schema.RUNS]
    frame = runs[[*RUN, "status"]].astype(str)
    parts: tuple[tuple[schema.Table, dict[str, tuple[str, Callable[[float], str]]]], ...] = (
        (schema.COSTS, {"samples": ("samples", "{:,.0f}".format), "macs": ("MACs", short_count)}),
        (schema.COSTS, {"stored_bytes": ("stored", byte_size)}),
        (schema.TIMINGS, {"seconds": ("seconds", "{:,.1f}".format)}),
    )
    for table, columns in parts:
        if len(results[table]):
            merged = runs[RUN].merge(results[table], how="left", on=RUN)
            for column, (title, shown) in columns.items():
                frame[title] = ["-" if pd.isna(value) else shown(value) for value in merged[column]]
    reached = {one.run: one.matrix.mean for one in results.records}
    matrices = [reached.get(key) for key in runs[RUN].itertuples(index=False, name=None)]
    for metric in ("average_accuracy", "forgetting_max_last"):
        values = [None if matrix is None else METRICS[metric].compute(matrix) for matrix in matrices]
        frame[f"{SHOWN[metric]}, %"] = [_percent(value) for value in values]
    frame["message"] = [message or "-" for message in runs["message"]]
    frame["run"] = runs["run"]
    return Sheet("runs", "Runs", frame)


def _percent(value: float | None) -> str:
    return percent(float("nan") if value is None else value, float("nan"))


def matrix_sheet(matrix: RetentionMatrix, name: str) -> Sheet:
    """Return the retention matrix of a run, percent ± standard deviation over its evaluation repetitions."""
    frame = pd.DataFrame({"after": ["untrained", *matrix.tasks]})
    for column, task in enumerate(matrix.tasks):
        cells = zip(matrix.mean[:, column], matrix.sd[:, column], strict=True)
        spread = matrix.repetitions > 1
        frame[task] = [percent(float(mean), float(sd) if spread else float("nan")) for mean, sd in cells]
    times = (
        f"± standard deviation over {matrix.repetitions} evaluations" if matrix.repetitions > 1 else "one evaluation"
    )
    return Sheet(name, f"Retention matrix, %, {times}", frame)


def curve_sheet(curves: pd.DataFrame, name: str) -> Sheet:
    """Return the learning curve of a run, a line an epoch."""
    frame = pd.DataFrame(
        {
            "task": curves["task"],
            "epoch": curves["epoch"].astype(str),
            "loss, nats": [f"{value:.3f}" for value in curves["loss"]],
            "training accuracy, %": [_percent(value) for value in curves["train_accuracy"]],
            "validation accuracy, %": [_percent(value) for value in curves["validation_accuracy"]],
            "learning rate": [f"{value:.2e}" for value in curves["learning_rate"]],
        }
    )
    return Sheet(name, "Learning curve", frame)


def sheets(results: Results) -> list[Sheet]:
    """Return the tables over runs that the folder has, the main one first."""
    found = (main_sheet(results), task_sheet(results), comparison_sheet(results), cost_sheet(results))
    return [sheet for sheet in found if sheet is not None]


def write_sheets(results: Results, out: Path) -> list[Path]:
    """Write each table as CSV, Markdown and LaTeX (booktabs) to ``out/<name>.<ending>`` and return the paths."""
    written = []
    for sheet in sheets(results):
        caption = f"{sheet.caption} ({results.title})"
        note = f"\n{sheet.note}\n" if sheet.note else ""
        texts = {
            "csv": csv_text(sheet.frame.assign(data=results.key["data"])),
            "md": f"{caption}\n\n{markdown(sheet.frame)}{note}",
            "tex": latex(
                sheet.frame,
                f"{caption}. {sheet.note}" if sheet.note else caption,
                f"tab:{results.key['stream']}-{sheet.name}",
            ),
        }
        for ending, text in texts.items():
            written.append(out / f"{sheet.name}.{ending}")
            write_atomic(written[-1], text)
    return written
