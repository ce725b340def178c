"""Timings as a file, a table and a figure, measured values beside their goals, and as the tables of docs/speed.md."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chaoscl.evaluation import schema
from chaoscl.evaluation.table import Column, Table
from chaoscl.reports.figures.style import BLUE, GREY, VERMILION
from chaoscl.reports.tables import markdown
from timing.compare_versions import VERSIONS, versions_table
from timing.measure import ROOT, Measured
from timing.peers import PEERS

SPEED = Table(
    "speed.csv",
    "How fast the suite is on one machine, one line a measured value; ratios are of paired rounds",
    (
        Column("part", "str", "", "what was looked at"),
        Column("case", "str", "", "what was measured"),
        Column("value", "float", "", "median over the rounds", "%.4g"),
        Column("low", "float", "", "first quartile over the rounds", "%.4g"),
        Column("high", "float", "", "third quartile over the rounds", "%.4g"),
        Column("unit", "str", "", "of the value"),
        Column("against", "str", "", "what a ratio is relative to; empty for an absolute value"),
        Column("rounds", "int", "", "measurements behind the value"),
        Column("goal", "str", "", "what it should reach; empty if nothing was set"),
        Column("met", "str", "", "yes or no; empty without a goal"),
    ),
)
_JOINED = {
    "times as fast": "times as fast as",
    "times as long": "times as long as",
    "times the time": "times the time of",
    "percent": "% of",
}
"""The unit of a ratio with the word that leads on to what it is relative to."""


def speed_frame(measured: Mapping[str, Sequence[Measured]]) -> pd.DataFrame:
    """Return what was measured of each part as the rows of speed.csv."""
    rows = []
    for part, quantities in measured.items():
        for one in quantities:
            low, value, high = (float(found) for found in np.quantile(one.values, (0.25, 0.5, 0.75)))
            goal, met = ("", "") if one.goal is None else (str(one.goal), "yes" if one.goal.met(value) else "no")
            rows.append((part, one.case, value, low, high, one.unit, one.against, len(one.values), goal, met))
    return pd.DataFrame(rows, columns=[column.name for column in SPEED.columns])


def speed_table(speed: pd.DataFrame) -> pd.DataFrame:
    """Return speed.csv as text: for each value its median and quartiles, its goal and whether it is met."""
    rows = []
    for line in speed.to_dict("records"):
        spread = f" ({line['low']:.3g} to {line['high']:.3g})" if line["rounds"] > 1 else ""
        unit = f"{_JOINED.get(line['unit'], line['unit'])} {line['against']}" if line["against"] else line["unit"]
        measured = f"{line['value']:.3g}{spread} {unit}"
        rows.append((line["part"], line["case"], measured, _short(line["goal"]), line["met"]))
    return pd.DataFrame(rows, columns=["part", "case", "measured", "goal", "met"])


def speed_figure(speed: pd.DataFrame, title: str) -> Figure:
    """Return the values of speed.csv as shares of their goals, which are met right of the line."""
    with_goal = speed[speed["goal"] != ""].iloc[::-1].reset_index(drop=True)
    shares = _shares(with_goal, "value")
    ends = np.sort(np.column_stack([_shares(with_goal, "low"), _shares(with_goal, "high")]))
    places = np.arange(len(with_goal))
    colours = [BLUE if met == "yes" else VERMILION for met in with_goal["met"]]
    figure = Figure(figsize=(10, 1.4 + 0.26 * len(with_goal)), layout="constrained")
    axis = figure.subplots()
    axis.hlines(places, ends[:, 0], ends[:, 1], colors=colours, linewidth=2)
    for share, place, colour, met in zip(shares, places, colours, with_goal["met"], strict=True):
        axis.plot(share, place, marker="o" if met == "yes" else "X", color=colour, markersize=6)
    axis.axvline(1, color=GREY, linewidth=1)
    axis.set_xscale("log")
    ticks = [0.25, 0.5, 1, 2, 4, 8]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_xticks([], minor=True)
    labels = [f"{case}  [{_short(goal)}]" for case, goal in zip(with_goal["case"], with_goal["goal"], strict=True)]
    axis.set_yticks(places, labels, fontsize=7)
    axis.set_ylim(-0.8, len(with_goal) - 0.2)
    axis.set_xlabel("times better than the goal (dots: median; lines: quartiles; crosses: missed)")
    axis.set_title(title, fontsize=10)
    return figure


def _shares(speed: pd.DataFrame, column: str) -> np.ndarray:
    """Return how many times better than their goals the values of a column are."""
    goals = speed["goal"].str.split().str[-1].astype(float)
    measured = speed[column].clip(lower=1e-9)
    return np.where(speed["goal"].str.startswith("at least"), measured / goals, goals / measured)


def _short(goal: str) -> str:
    return goal.replace("at least", "≥").replace("at most", "≤")


def machine_line(path: Path) -> str:
    """Return one line on the machine that machine.json describes."""
    machine = json.loads(path.read_text(encoding="utf-8"))
    packages = ("torch", "avalanche-lib", "numpy", "numba", *PEERS)
    versions = ", ".join(f"{name} {machine[name]}" for name in packages if name in machine)
    place = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}"
    return f"{place}, Python {machine['python']}, {versions}.\n"


def cuda_speed_table(report: Mapping[str, Any]) -> pd.DataFrame:
    """Return the milliseconds by shape and batch, a column for each device and kernel, from cuda_check's report."""
    rows: dict[tuple[str, int], dict[str, str]] = {}
    for line in report["speed"]["result"]:
        row = rows.setdefault((line["shape"], line["batch"]), {"shape": line["shape"], "batch": str(line["batch"])})
        row[f"{line['device']}, {line['kernel']}, ms"] = f"{line['ms']:.2f}"
    return pd.DataFrame(rows.values())


def cuda_run_table(report: Mapping[str, Any]) -> pd.DataFrame:
    """Return the percent that each run of cuda_check's report reached, and its seconds."""
    rows = []
    for name, part in report.items():
        if "final" not in part.get("result", ()):
            continue
        found = part["result"]
        first, second = (f"{100 * mean:.1f}" for mean in found["final"])
        rows.append({"run": name, "ag_news": first, "mnist": second, "seconds": f"{found['seconds']:.1f}"})
    return pd.DataFrame(rows)


def document_blocks(results: Path = ROOT / "results") -> dict[str, str]:
    """Return the generated parts of the documents that show committed timings, by the name of their marker."""
    folder = results / "speed"
    cuda = json.loads((results / "cuda" / "report.json").read_text(encoding="utf-8"))
    jobs = pd.concat([schema.read_csv(VERSIONS, path) for path in sorted(folder.glob("against*.csv"))])
    return {
        "speed machine": machine_line(folder / "machine.json"),
        "speed": markdown(speed_table(schema.read_csv(SPEED, folder / SPEED.name))),
        "speed against": markdown(versions_table(jobs)),
        "cuda speed": markdown(cuda_speed_table(cuda)),
        "cuda runs": markdown(cuda_run_table(cuda)),
        **{f"schema {table.name}": schema.as_markdown(table) for table in (SPEED, VERSIONS)},
    }
