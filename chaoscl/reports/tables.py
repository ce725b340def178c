"""Result tables for a terminal, for Markdown and for LaTeX, read from the aggregates."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from rich import box
from rich.table import Table

from chaoscl.evaluation import csvtext, heads
from chaoscl.reports.estimates import RANGE_NOTE, bounds_of, bounds_of_difference, estimate, has_range

SHOWN = {
    "average_accuracy": "average accuracy",
    "learning_accuracy": "learning accuracy",
    "backward_transfer": "backward transfer",
    "forgetting_first_last": "forgetting (first - last)",
    "forgetting_max_last": "forgetting (max - last)",
    "forward_transfer": "forward transfer",
    "intransigence": "intransigence",
}
"""Metrics of the main table, by the name in summary.csv."""
WHERE_DEFINED = ("forward_transfer", "intransigence")
"""Those that are left out of a table in which no line has them; a note says why."""
LEVEL = 0.05
MOST_COLUMNS = 8
"""Tasks whose accuracies a terminal has room for."""


def shown_metrics(summary: pd.DataFrame) -> dict[str, str]:
    """Return the metrics that a main table of these lines has: SHOWN without what is defined for no line."""
    defined = set(summary.loc[summary["n"] > 0, "metric"])
    return {name: title for name, title in SHOWN.items() if name not in WHERE_DEFINED or name in defined}


def main_table(forgetting: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Return the main table: a row for each baseline, final accuracy a task, then the metrics, as text.

    Args:
        forgetting: forgetting.csv.
        summary: summary.csv.
    """
    rows = []
    metrics = shown_metrics(summary)
    for (model, baseline), group in forgetting.groupby(["model", "baseline"], sort=False):
        row = {"baseline": str(baseline), "model": str(model)}
        for line in group.to_dict("records"):
            row[str(line["task"])] = estimate(line, "final_")
        chosen = summary[(summary["model"] == model) & (summary["baseline"] == baseline)]
        lines = {line["metric"]: line for line in chosen.to_dict("records")}
        for name, title in metrics.items():
            row[title] = estimate(lines[name], bounds=bounds_of(name))
        row["seeds"] = str(group["n"].max())
        rows.append(row)
    return pd.DataFrame(rows)


def table_notes(summary: pd.DataFrame, *tables: pd.DataFrame) -> list[str]:
    """Return what a reader of main tables must know: why a metric is not there, and what a range in a cell means.

    Args:
        summary: summary.csv.
        tables: as text, made from it.
    """
    shown = shown_metrics(summary)
    notes = []
    if "forward_transfer" not in shown:
        notes += [heads.reason(scenario) for scenario in dict.fromkeys(summary["scenario"])]
    if "intransigence" not in shown:
        notes.append(
            "Intransigence is not defined: it is against the baseline independent, which is not among the runs."
        )
    return [*notes, RANGE_NOTE] if has_range(tables) else notes


def main_markdown(forgetting: pd.DataFrame, summary: pd.DataFrame, tasks: bool = True) -> str:
    """Return the main table as Markdown, its notes below it.

    Args:
        forgetting: forgetting.csv.
        summary: summary.csv.
        tasks: whether it has a column for each task.
    """
    frame = main_table(forgetting, summary)
    if not tasks:
        frame = frame.drop(columns=list(dict.fromkeys(forgetting["task"])))
    notes = table_notes(summary, frame)
    return markdown(frame) + (f"\n{' '.join(notes)}\n" if notes else "")


def comparison_table(comparisons: pd.DataFrame, metric: str = "average_accuracy") -> pd.DataFrame:
    """Return how each baseline differs from the reference, as text: a row for each baseline, in percentage points.

    ``detectable`` is the smallest true difference that so many pairs find with 80 % power; a smaller difference that
    is not significant says nothing. ``verdict`` is that of :func:`verdict`. ``-`` is not defined, such as every test
    for one pair.

    Args:
        comparisons: comparisons.csv.
        metric: the metric to show, one of those in the file, measured as a fraction.
    """
    lines = comparisons[comparisons["metric"] == metric]
    bounds = bounds_of_difference(metric)
    return pd.DataFrame(
        {
            "baseline": lines["baseline"],
            "model": lines["model"],
            "against": lines["reference"],
            "difference": [_signed(estimate(line, bounds=bounds)) for line in lines.to_dict("records")],
            "p (Holm)": [p_value(value) for value in lines["p_holm"]],
            "p (equal)": [p_value(value) for value in lines["p_tost_holm"]],
            "verdict": [verdict(line) for line in lines.to_dict("records")],
            "effect (g_z)": [_or_dash(value, "+.2f") for value in lines["effect_size"]],
            "detectable": [_or_dash(100 * value, ".1f") for value in lines["smallest_detectable"]],
            "pairs": lines["n"].astype(str),
        }
    ).reset_index(drop=True)


def margin_text(margin: float) -> str:
    """Return the margin of an equivalence test as words: ``1 point``, ``0.5 points``."""
    points = f"{100 * margin:g}"
    return f"{points} {'point' if points == '1' else 'points'}"


def verdict(line: Mapping[Any, Any]) -> str:
    """Return what the two tests of a comparison say at 5 % after Holm.

    A significant difference and equality within the margin are two findings: both can hold (a difference that is sure
    and small), or neither (``not decided``). ``not tested`` is one pair of runs.

    Args:
        line: of comparisons.csv.
    """
    if pd.isna(line["p_holm"]):
        return "not tested"
    found = []
    if line["p_holm"] < LEVEL:
        found.append("higher" if line["difference"] > 0 else "lower")
    if line["p_tost_holm"] < LEVEL:
        found.append(f"equal within {margin_text(line['margin'])}")
    return ", ".join(found) or "not decided"


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


def rank_table(ranks: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return mean ranks as text, the best first, and how each compares with the best over the streams.

    Args:
        ranks: ranks.csv, one metric.
        pairs: rank_pairs.csv of the same ranking.
    """
    best = ranks.iloc[0]
    with_best = pairs[(pairs["baseline"] == best["baseline"]) & (pairs["model"] == best["model"])]
    lines = {(line["other"], line["other_model"]): line for line in with_best.to_dict("records")}
    found = [lines.get(key) for key in zip(ranks["baseline"], ranks["model"], strict=True)]
    return pd.DataFrame(
        {
            "baseline": ranks["baseline"],
            "model": ranks["model"],
            "mean rank": [f"{rank:.2f}" for rank in ranks["mean_rank"]],
            "worse than the best on": ["-" if one is None else f"{one['better']} of {one['streams']}" for one in found],
            "p (Holm)": ["-" if one is None else p_value(one["p_holm"]) for one in found],
            "differs from the best": ["-" if one is None else _yes(one["p_holm"] < LEVEL) for one in found],
        }
    )


def _yes(true: bool) -> str:
    return "yes" if true else "no"


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
    table = Table(title=title, title_justify="left", caption_justify="left", box=box.SIMPLE)
    for column in frame.columns:
        table.add_column(str(column), justify="right" if _is_number(frame[column]) else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(str(cell) for cell in row))
    return table


def terminal_tables(frames: dict[str, pd.DataFrame]) -> Sequence[Table]:
    """Return what a user sees at the end of a command: final accuracies, the metrics, and what differs how surely.

    Long streams show their average accuracy only; each task is in forgetting.csv.
    """
    summary = frames["summary.csv"]
    frame = main_table(frames["forgetting.csv"], summary)
    metrics = shown_metrics(summary)
    tasks = [column for column in frame.columns if column not in ("baseline", "model", "seeds", *metrics.values())]
    if len(tasks) > MOST_COLUMNS:
        tasks = []
    average = SHOWN["average_accuracy"]
    accuracies = frame[["baseline", "model", *tasks, average, "seeds"]]
    others = frame[["baseline", *(title for title in metrics.values() if title != average)]]
    shown = [
        rich_table(accuracies, "Accuracy after the whole stream, % (mean ± 95 % interval over seeds)"),
        rich_table(others, "Learning, transfer and forgetting, %"),
    ]
    shown[-1].caption = " ".join(table_notes(summary, accuracies, others)) or None
    comparisons = frames["comparisons.csv"]
    if len(comparisons):
        reference = str(comparisons["reference"].iloc[0]).partition(" (")[0]
        title = f"Average accuracy against {reference}, percentage points, paired"
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
