"""Result tables for a terminal, for Markdown and for LaTeX, read from the aggregates."""

import math
import re
from collections.abc import Iterable, Sequence

import pandas as pd
from rich import box
from rich.table import Table

from chaoscl.evaluation import csvtext

SHOWN = {
    "average_accuracy": "average accuracy",
    "backward_transfer": "backward transfer",
    "forgetting_first_last": "forgetting (first - last)",
    "forgetting_max_last": "forgetting (max - last)",
    "forward_transfer": "forward transfer",
    "intransigence": "intransigence",
}
"""Metrics of the main table, by the name in summary.csv."""


MOST_COLUMNS = 8
"""Tasks whose accuracies a terminal has room for."""


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


def comparison_table(comparisons: pd.DataFrame, metric: str = "average_accuracy") -> pd.DataFrame:
    """Return how each baseline differs from the reference, as text: a row for each baseline, in percentage points.

    ``detectable`` is the smallest true difference that so many pairs find with 80 % power; a smaller difference that
    is not significant says nothing. ``-`` is not defined, such as every test for one pair.

    Args:
        comparisons: comparisons.csv.
        metric: the metric to show, one of those in the file, measured as a fraction.
    """
    lines = comparisons[comparisons["metric"] == metric]
    intervals = zip(lines["difference"], lines["ci95"], strict=True)
    return pd.DataFrame(
        {
            "baseline": lines["baseline"],
            "model": lines["model"],
            "against": lines["reference"],
            "difference": [_signed(percent(*interval)) for interval in intervals],
            "p (Holm)": [p_value(value) for value in lines["p_holm"]],
            "effect (g_z)": [_or_dash(value, "+.2f") for value in lines["effect_size"]],
            "detectable": [_or_dash(100 * value, ".1f") for value in lines["smallest_detectable"]],
            "pairs": lines["n"].astype(str),
        }
    ).reset_index(drop=True)


def cost_table(costs: pd.DataFrame, timings: pd.DataFrame) -> pd.DataFrame:
    """Return what each baseline costs, as text: a row for each baseline, means over its runs.

    Args:
        costs: costs.csv.
        timings: timings.csv; ``-`` where it has no line for a baseline.
    """
    times = dict(iter(timings.groupby(["model", "baseline"])[["seconds", "peak_memory_bytes"]]))
    rows = []
    for (model, baseline), group in costs.groupby(["model", "baseline"], sort=False):
        mean = group.drop(columns=["model", "baseline", "seed", "order"]).mean()
        timed = times.get((model, baseline))
        parameters = (mean["parameters"], mean["parameters_trainable"], mean["parameters_touched"])
        rows.append(
            {
                "baseline": str(baseline),
                "model": str(model),
                "samples": f"{mean['samples']:,.0f}",
                "steps": f"{mean['optimiser_steps']:,.0f}",
                "parameters (all / trainable / touched)": " / ".join(f"{value:,.0f}" for value in parameters),
                "stored samples": f"{mean['stored_samples']:,.0f}",
                "stored": byte_size(mean["stored_bytes"]),
                "stored, raw": byte_size(mean["stored_raw_bytes"]),
                "MACs": short_count(mean["macs"]),
                "spike operations": short_count(mean["spike_operations"]),
                "seconds": "-" if timed is None else f"{timed['seconds'].mean():,.1f}",
                "peak memory": "-" if timed is None else byte_size(timed["peak_memory_bytes"].mean()),
            }
        )
    return pd.DataFrame(rows)


def rank_table(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return mean ranks as text, the best first, and whether each differs significantly from the best.

    Args:
        ranks: ranks.csv, one metric.
    """
    behind = ranks["mean_rank"] - ranks["mean_rank"].min()
    return pd.DataFrame(
        {
            "baseline": ranks["baseline"],
            "model": ranks["model"],
            "mean rank": [f"{rank:.2f}" for rank in ranks["mean_rank"]],
            "significantly worse than the best": [
                "yes" if far else "no" for far in behind >= ranks["critical_difference"]
            ],
        }
    )


def p_value(value: float) -> str:
    """Return a p-value with three decimals; ``<0.001`` for less, ``-`` if NaN."""
    if math.isnan(value):
        return "-"
    return f"{value:.3f}" if value >= 0.001 else "<0.001"


def byte_size(count: float) -> str:
    """Return a number of bytes with three digits at least, in binary units: ``0 B``, ``1.50 KiB``, ``23.4 MiB``."""
    return _scaled(count, 1024, (" B", " KiB", " MiB", " GiB", " TiB"))


def short_count(count: float) -> str:
    """Return a large number with three digits at least: ``0``, ``12.3 k``, ``4.56 T``."""
    return _scaled(count, 1000, ("", " k", " M", " G", " T", " P"))


def _scaled(count: float, base: int, units: Sequence[str]) -> str:
    power = 0
    while power + 1 < len(units) and count >= base ** (power + 1):
        power += 1
    value = count / base**power
    digits = 0 if power == 0 else max(0, 2 - int(math.log10(value)))
    return f"{value:,.{digits}f}{units[power]}"


def _signed(text: str) -> str:
    return text if text[0] == "-" or text.startswith("0.0") else f"+{text}"


def _or_dash(value: float, pattern: str) -> str:
    return "-" if math.isnan(value) else format(value, pattern)


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
    """Return what a user sees at the end of a command: final accuracies, the metrics, and what differs how surely.

    Long streams show their average accuracy only; each task is in forgetting.csv.
    """
    frame = main_table(frames["forgetting.csv"], frames["summary.csv"])
    tasks = [column for column in frame.columns if column not in ("baseline", "model", "seeds", *SHOWN.values())]
    if len(tasks) > MOST_COLUMNS:
        tasks = []
    average = SHOWN["average_accuracy"]
    accuracies = frame[["baseline", "model", *tasks, average, "seeds"]]
    metrics = frame[["baseline", *(title for title in SHOWN.values() if title != average)]]
    shown = [
        rich_table(accuracies, "Accuracy after the whole stream, % (mean ± 95 % interval over seeds)"),
        rich_table(metrics, "Transfer and forgetting, percentage points"),
    ]
    comparisons = frames["comparisons.csv"]
    if len(comparisons):
        title = f"Average accuracy against {comparisons['reference'].iloc[0]}, percentage points, paired"
        shown.append(rich_table(comparison_table(comparisons), title))
    return shown


def _is_number(column: "pd.Series[str]") -> bool:
    return all(str(cell)[:1] in "0123456789+-<" for cell in column)


def markdown(frame: pd.DataFrame) -> str:
    """Return a frame of texts as a Markdown table."""
    lines = [
        "| " + " | ".join(str(column) for column in frame.columns) + " |",
        "|" + "|".join(" ---: " if _is_number(frame[column]) else " --- " for column in frame.columns) + "|",
        *("| " + " | ".join(str(cell) for cell in row) + " |" for row in frame.itertuples(index=False)),
    ]
    return "\n".join(lines) + "\n"


def csv_text(frame: pd.DataFrame) -> str:
    """Return a frame of texts as CSV."""
    return csvtext.dump(
        [str(column) for column in frame.columns], [[str(cell) for cell in row] for row in _rows(frame)]
    )


def latex(frame: pd.DataFrame, caption: str, label: str) -> str:
    r"""Return a frame of texts as a LaTeX table with the rules of booktabs (``\usepackage{booktabs}``).

    Args:
        frame: the cells, texts.
        caption: plain text above the table.
        label: for ``\ref``; letters, digits, ``:`` and ``-`` are safe.
    """
    columns = "".join("r" if _is_number(frame[column]) else "l" for column in frame.columns)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex_text(caption)}}}",
        rf"\label{{{label}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        " & ".join(latex_text(str(column)) for column in frame.columns) + r" \\",
        r"\midrule",
        *(" & ".join(latex_text(str(cell)) for cell in row) + r" \\" for row in _rows(frame)),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "<": r"$<$",
    ">": r"$>$",
    "*": r"$*$",
    "[": "{[}",  # a row that starts with one would be taken for the length after the last row's \\
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
_SIGN = re.compile(r"(?<![^\s(])-(?=\d)")


def latex_text(text: str) -> str:
    """Return plain text as LaTeX: special characters escaped, a minus sign before a number, an en dash for ``-``."""
    if text == "-":
        return "--"
    escaped = "".join(_LATEX.get(character, character) for character in _SIGN.sub("\x00", text))
    return escaped.replace("\x00", "$-$")


def _rows(frame: pd.DataFrame) -> Iterable[tuple[object, ...]]:
    return frame.itertuples(index=False, name=None)
