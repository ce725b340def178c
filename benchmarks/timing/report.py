"""Timings as a table and a figure: measured values beside their goals."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chaoscl.reports.figures.style import BLUE, GREY, VERMILION

_GOAL = {"at least": "≥", "at most": "≤"}


def speed_table(speed: pd.DataFrame) -> pd.DataFrame:
    """Return the measured values as text: one row each, median and quartiles, the goal and whether it is met.

    Args:
        speed: speed.csv.
    """
    rows = []
    for line in speed.to_dict("records"):
        spread = f" ({line['low']:.3g} to {line['high']:.3g})" if line["rounds"] > 1 else ""
        against = f" {_joined(line['unit'])} {line['against']}" if line["against"] else f" {line['unit']}"
        rows.append(
            {
                "part": line["part"],
                "case": line["case"],
                "measured": f"{line['value']:.3g}{spread}{against}",
                "goal": _short(line["goal"]),
                "met": line["met"],
            }
        )
    return pd.DataFrame(rows, columns=["part", "case", "measured", "goal", "met"])


def speed_figure(speed: pd.DataFrame, title: str) -> Figure:
    """Return every value that has a goal, as a share of it: right of the line the goal is met, whichever way it points.

    Args:
        speed: speed.csv.
        title: above the figure.
    """
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
    for words, sign in _GOAL.items():
        goal = goal.replace(words, sign)
    return goal


def _joined(unit: str) -> str:
    """Return the unit of a ratio with the word that leads on to what it is relative to."""
    words = {
        "times as fast": "times as fast as",
        "times as long": "times as long as",
        "times the time": "times the time of",
        "percent": "% of",
    }
    return words.get(unit, unit)


def against_table(against: pd.DataFrame) -> pd.DataFrame:
    """Return the job of an earlier version beside this one's as text, with a line for all baselines of a precision.

    Args:
        against: lines of against.csv.
    """
    rows = []
    for precision, lines in against.groupby("precision", sort=False):
        times = lines.set_index("baseline")[["seconds_earlier", "seconds_now"]].astype(float)
        times.loc["all of these"] = times.sum()
        rows += [
            {
                "encoders now": precision,
                "baseline": name,
                "earlier, s": f"{before:.0f}",
                "now, s": f"{now:.0f}",
                "times as fast": f"{before / now:.2f}",
            }
            for name, (before, now) in zip(times.index, times.to_numpy(), strict=True)
        ]
    return pd.DataFrame(rows)


def machine_line(path: Path) -> str:
    """Return one line on the machine that machine.json describes."""
    machine = json.loads(path.read_text(encoding="utf-8"))
    named = ("torch", "avalanche-lib", "numpy", "numba", "snntorch", "norse", "spikingjelly")
    versions = ", ".join(f"{name} {machine[name]}" for name in named if name in machine)
    place = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}"
    return f"{place}, Python {machine['python']}, {versions}.\n"


def cuda_speed_table(report: Mapping[str, Any]) -> pd.DataFrame:
    """Return the milliseconds of forward and backward by shape and batch, a column for each device and kernel.

    Args:
        report: report.json of ``benchmarks/cuda_check.py``.
    """
    rows: dict[tuple[str, int], dict[str, str]] = {}
    for line in report["speed"]["result"]:
        row = rows.setdefault((line["shape"], line["batch"]), {"shape": line["shape"], "batch": str(line["batch"])})
        row[f"{line['device']}, {line['kernel']}, ms"] = f"{line['ms']:.2f}"
    return pd.DataFrame(rows.values())


def cuda_run_table(report: Mapping[str, Any]) -> pd.DataFrame:
    """Return what the same short run reached and took on each device and kernel: percent and seconds.

    Args:
        report: report.json of ``benchmarks/cuda_check.py``.
    """
    rows = []
    for name, part in report.items():
        if "final" not in part.get("result", ()):
            continue
        found = part["result"]
        first, second = (f"{100 * mean:.1f}" for mean in found["final"])
        rows.append({"run": name, "ag_news": first, "mnist": second, "seconds": f"{found['seconds']:.1f}"})
    return pd.DataFrame(rows)
