"""Result tables for a terminal and for Markdown, read from the aggregates."""

import math
from collections.abc import Sequence

import pandas as pd
from rich import box
from rich.table import Table

SHOWN = {
    "average_accuracy": "average accuracy",
    "backward_transfer": "backward transfer",
    "forgetting_first_last": "forgetting (first - last)",
    "forgetting_max_last": "forgetting (max - last)",
    "forward_transfer": "forward transfer",
    "intransigence": "intransigence",
}
"""Metrics of the main table, by the name in summary.csv."""


def percent(mean: float, half_width: float) -> str:
    """Return a share as percent with its 95 % interval: ``83.4 ± 0.6``; without one for a single seed; ``-`` if NaN."""
    if math.isnan(mean):
        return "-"
    shown = f"{100 * mean:.1f}".replace("-0.0", "0.0")
    return shown if math.isnan(half_width) else f"{shown} ± {100 * half_width:.1f}"


def main_table(forgetting: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Return the main table: a row for each baseline, final accuracy a task, then the metrics of SHOWN, as text.

    Args:
        forgetting: forgetting.csv.
        summary: summary.csv.
    """
    rows = []
    for (model, baseline), group in forgetting.groupby(["model", "baseline"], sort=False):
        row = {"baseline": str(baseline), "model": str(model)}
        for line in group.to_dict("records"):
            row[str(line["task"])] = percent(line["final_mean"], line["final_ci95"])
        chosen = summary[(summary["model"] == model) & (summary["baseline"] == baseline)].set_index("metric")
        for name, title in SHOWN.items():
            row[title] = percent(chosen["mean"][name], chosen["ci95"][name])
        row["seeds"] = str(group["n"].max())
        rows.append(row)
    return pd.DataFrame(rows)


def data_table(data: pd.DataFrame) -> pd.DataFrame:
    """Return what a reader must know of the data behind a result, as text: rows used of official rows, and the note.

    Args:
        data: data.csv.
    """
    return pd.DataFrame(
        {
            "data set": data["dataset"],
            "source": data["source"],
            "train rows": [_share(*pair) for pair in zip(data["train_rows"], data["official_train_rows"], strict=True)],
            "test rows": [_share(*pair) for pair in zip(data["test_rows"], data["official_test_rows"], strict=True)],
            "SHA-256": data["sha256"].str[:12],
        }
    )


def _share(used: int, official: int) -> str:
    return f"{used:,}" if used == official else f"{used:,} of {official:,}"


def rich_table(frame: pd.DataFrame, title: str) -> Table:
    """Return a frame of texts as a table for the terminal."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    for column in frame.columns:
        table.add_column(str(column), justify="right" if _is_number(frame[column]) else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(str(cell) for cell in row))
    return table


def terminal_tables(frames: dict[str, pd.DataFrame]) -> Sequence[Table]:
    """Return what a user sees at the end of a command: final accuracies, then the metrics."""
    frame = main_table(frames["forgetting.csv"], frames["summary.csv"])
    tasks = [column for column in frame.columns if column not in ("baseline", "model", "seeds", *SHOWN.values())]
    average = SHOWN["average_accuracy"]
    accuracies = frame[["baseline", "model", *tasks, average, "seeds"]]
    metrics = frame[["baseline", *(title for title in SHOWN.values() if title != average)]]
    return (
        rich_table(accuracies, "Accuracy after the whole stream, % (mean ± 95 % interval over seeds)"),
        rich_table(metrics, "Transfer and forgetting, percentage points"),
    )


def _is_number(column: "pd.Series[str]") -> bool:
    return all(str(cell)[:1] in "0123456789-" for cell in column)


def markdown(frame: pd.DataFrame) -> str:
    """Return a frame of texts as a Markdown table."""
    lines = [
        "| " + " | ".join(str(column) for column in frame.columns) + " |",
        "|" + "|".join(" ---: " if _is_number(frame[column]) else " --- " for column in frame.columns) + "|",
        *("| " + " | ".join(str(cell) for cell in row) + " |" for row in frame.itertuples(index=False)),
    ]
    return "\n".join(lines) + "\n"
