"""Anchors: published numbers, the bands around them, and where our means lie."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from chaoscl.evaluation.table import Column, Table

DIFFERENT_SETTING = 1.0
"""Points allowed for what is done differently here than in the publication."""

ANCHORS = Table(
    "anchors.csv",
    "Published average accuracies, and ours",
    (
        Column("stream", "str", "", "name of the task stream"),
        Column("scenario", "str", "", "task, domain or class (incremental)"),
        Column("method", "str", "", "name in the publication"),
        Column("baseline", "str", "", "ours"),
        Column("hyper", "str", "", "hyper-parameters that are not at the value in the baseline's file"),
        Column("values", "str", "", "where those values come from"),
        Column(
            "published", "float", "percent", "average accuracy at the end of the stream, mean over the published runs"
        ),
        Column("low", "float", "percent", "lower end of the band for so many seeds"),
        Column("high", "float", "percent", "upper end of the band"),
        Column("mean", "float", "percent", "average accuracy at the end of the stream, ours, mean over seeds"),
        Column("sd", "float", "percent", "sample standard deviation over our seeds; empty for one seed"),
        Column("n", "int", "seeds", "our seeds"),
        Column("inside", "str", "", "yes or no"),
        Column("miss", "str", "", "why the mean lies outside the band, where that is known and stated"),
        Column("source", "str", "", "the publication"),
    ),
)


@dataclass(frozen=True)
class Anchor:
    """One published number.

    Attributes:
        scenario: ``task``, ``domain`` or ``class``.
        method: its name in the publication.
        baseline: ours.
        published: mean over the published runs, in percent.
        sem: standard error of that mean, in percent; 0 if it is not known.
        source: key of the publication.
        reading: error of reading the number off a figure, in percent.
        hyper: hyper-parameters by name.
        values: where they come from.
        miss: why our mean lies outside the band, where that is known; empty elsewhere.
    """

    scenario: str
    method: str
    baseline: str
    published: float
    sem: float
    source: str
    reading: float = 0.0
    hyper: Mapping[str, float] = field(default_factory=dict)
    values: str = "as in the baseline's file"
    miss: str = ""

    def band(self, seeds: int, runs: int) -> tuple[float, float]:
        """Return where the mean of ``seeds`` of our runs should lie, in percent, given ``runs`` published ones.

        published +- (DIFFERENT_SETTING + reading + 2 sqrt(sem^2 runs / seeds + sem^2)): two standard errors of the
        difference of two means whose runs scatter alike; within [0, 100].
        """
        width = DIFFERENT_SETTING + self.reading + 2 * self.sem * math.sqrt(runs / seeds + 1)
        return max(0.0, self.published - width), min(100.0, self.published + width)


@dataclass(frozen=True)
class AnchorSet:
    """The anchors of one published study.

    Attributes:
        stream: the task stream.
        model: the network, in the zoo.
        recipe: how it is trained.
        runs: published runs behind each mean.
        sources: publications by key.
        anchors: the numbers.
    """

    stream: str
    model: str
    recipe: str
    runs: int
    sources: Mapping[str, str]
    anchors: Sequence[Anchor]

    @property
    def scenarios(self) -> list[str]:
        """The scenarios, by first appearance."""
        return list(dict.fromkeys(anchor.scenario for anchor in self.anchors))


def read_anchors(path: Path) -> AnchorSet:
    """Read a file of anchors (TOML)."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    anchors = [Anchor(**entry) for entry in content.pop("anchor")]
    return AnchorSet(anchors=anchors, **content)


def anchor_frame(wanted: AnchorSet, summaries: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the table of ANCHORS.

    Args:
        wanted: the published numbers.
        summaries: summary.csv by scenario; anchors that it does not hold are left out.
    """
    rows = []
    for anchor in wanted.anchors:
        if anchor.scenario not in summaries:
            continue
        summary = summaries[anchor.scenario]
        found = summary[(summary["baseline"] == anchor.baseline) & (summary["metric"] == "average_accuracy")]
        for line in found.to_dict("records"):
            low, high = anchor.band(int(line["n"]), wanted.runs)
            mean = 100 * float(line["mean"])
            rows.append(
                {
                    "stream": wanted.stream,
                    "scenario": anchor.scenario,
                    "method": anchor.method,
                    "baseline": anchor.baseline,
                    "hyper": ", ".join(f"{name} = {value:g}" for name, value in anchor.hyper.items()),
                    "values": anchor.values,
                    "published": anchor.published,
                    "low": low,
                    "high": high,
                    "mean": mean,
                    "sd": 100 * float(line["sd"]),
                    "n": int(line["n"]),
                    "inside": "yes" if low <= mean <= high else "no",
                    "miss": anchor.miss,
                    "source": wanted.sources[anchor.source],
                }
            )
    return pd.DataFrame(rows, columns=ANCHORS.header)


def unexpected(frame: pd.DataFrame) -> list[str]:
    """Return a line for each mean of ANCHORS that lies outside its band without a stated reason, or inside despite one.

    Args:
        frame: the table of ANCHORS.
    """
    lines = []
    for row in frame.itertuples():
        inside, stated = row.inside == "yes", bool(row.miss)
        where = f"{row.method}, {row.scenario}: {row.mean:.2f}"
        band = f"{row.low:.2f} .. {row.high:.2f}"
        if not inside and not stated:
            lines.append(f"outside its band: {where} not in {band}")
        if inside and stated:
            lines.append(f"stated as a miss, but inside its band: {where} in {band}; remove its `miss`")
    return lines
