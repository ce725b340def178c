"""From the runs' retention matrices to the tables over seeds.

Pure functions: the same records give the same frames, in whatever order their seeds come. Lines are ordered by stream,
scenario, model and data (by name), then baselines in the given order, then tasks in stream order or metrics in registry
order.

Runs of one stream may have learned its tasks in different orders. A mean over seeds for a task would then mix tasks
learned first with tasks learned last, so cells are aggregated by position instead: "position 1" is whichever task a run
learned first. The tables name positions as soon as two runs on the same stream, scenario and data differ in the order
of their tasks, and the tasks themselves otherwise.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from chaoscl.evaluation import per_task, schema, validation
from chaoscl.evaluation.heads import known_heads
from chaoscl.evaluation.metrics import METRICS, summarise
from chaoscl.evaluation.retention import UNTRAINED, RetentionMatrix
from chaoscl.evaluation.statistics import mean_interval

INDEPENDENT = "independent"
Group = list["RunRecord"]
Arena = tuple[str, str, str, str]
Cells = dict[str, str | int | float]


@dataclass(frozen=True)
class RunRecord:
    """One finished run: what it is, the data it saw, and its matrix.

    ``modalities`` (one a task) may be left out; then forgetting within and across modalities is not reported.
    ``order`` is the label of the order in which the run learned the tasks; runs are paired over (seed, order).
    ``heads`` (one a task, equal where two tasks share one) may be left out where the scenario decides it; domain-
    incremental it does not, and forward transfer is then not reported. ``best_validation`` is the mean over the
    experiences of the best validation accuracy, in [0, 1]; NaN where the learning curves are not known.
    """

    stream: str
    scenario: str
    model: str
    baseline: str
    seed: int
    data: str
    data_sha256: str
    matrix: RetentionMatrix
    modalities: tuple[str, ...] | None = None
    order: str = "given"
    heads: tuple[int, ...] | None = None
    best_validation: float = math.nan

    @property
    def run(self) -> tuple[str, str, int, str]:
        """What tells the runs of a results folder apart: baseline, model, seed and task order."""
        return self.baseline, self.model, self.seed, self.order

    @property
    def setting(self) -> tuple[str, str, str, str, str]:
        """What two runs must share to be compared: stream, scenario, model, data and its digest."""
        return self.stream, self.scenario, self.model, self.data, self.data_sha256

    @property
    def pair(self) -> tuple[int, str]:
        """What two runs of different baselines share when they are compared one by one: seed and task order."""
        return self.seed, self.order

    @property
    def arena(self) -> Arena:
        """What all baselines of a command share, whatever their models: stream, scenario, data and its digest."""
        return self.stream, self.scenario, self.data, self.data_sha256


def retention_frame(records: Sequence[RunRecord], baselines: Sequence[str] | None = None) -> pd.DataFrame:
    """Return ``retention.csv``: each cell of R over seeds. A row that a baseline never evaluates has n = 0.

    Args:
        records: the runs, at most one for each setting, baseline, seed and task order.
        baselines: the order of the baselines; by default that in which they first appear.

    Raises:
        ValueError: a run appears twice, a baseline is not in ``baselines``, or runs to be averaged differ in tasks.
    """
    lines: list[Cells] = []
    by_position = _arenas_with_several_orders(records)
    for group in groups(records, baselines):
        tasks = _task_names(group[0], by_position)
        cells = np.stack([record.matrix.mean for record in group])
        for row, after in enumerate((UNTRAINED, *tasks)):
            for column, task in enumerate(tasks):
                found, n = _over_seeds(cells[:, row, column].tolist())
                place: Cells = {"row": row, "after": after, "task": task}
                lines.append(key_columns(group[0]) | place | {"mean": found["mean"], "sd": found["sd"], "n": n})
    return as_frame(lines, schema.RETENTION)


def forgetting_frame(records: Sequence[RunRecord], baselines: Sequence[str] | None = None) -> pd.DataFrame:
    """Return ``forgetting.csv``: each task's learned and final accuracy and both kinds of forgetting, over seeds.

    ``n`` counts the seeds of the line; what is not defined for the baseline or the task is NaN. Arguments and errors as
    in :func:`retention_frame`.
    """
    values = {
        "learned": per_task.learned_accuracy_per_task,
        "final": per_task.final_accuracy_per_task,
        "forgetting_first_last": per_task.forgetting_first_last_per_task,
        "forgetting_max_last": per_task.forgetting_max_last_per_task,
    }
    lines: list[Cells] = []
    by_position = _arenas_with_several_orders(records)
    for group in groups(records, baselines):
        found = {name: np.stack([function(r.matrix.mean) for r in group]) for name, function in values.items()}
        for column, task in enumerate(_task_names(group[0], by_position)):
            line = key_columns(group[0]) | {"task": task}
            for name, table in found.items():
                statistics, _ = _over_seeds(table[:, column].tolist())
                line |= {f"{name}_{statistic}": value for statistic, value in statistics.items()}
            lines.append(line | {"n": len(group)})
    return as_frame(lines, schema.FORGETTING)


def summary_frame(records: Sequence[RunRecord], baselines: Sequence[str] | None = None) -> pd.DataFrame:
    """Return ``summary.csv``: every metric over seeds, in registry order, then the best validation accuracy.

    ``n`` counts the seeds for which the metric is defined; n = 0 leaves the numbers NaN. Intransigence is taken against
    the independent run of the same setting, seed and task order, where there is one. Arguments and errors as in
    :func:`retention_frame`.
    """
    references = {(record.setting, record.pair): record.matrix for record in records if record.baseline == INDEPENDENT}
    lines: list[Cells] = []
    for group in groups(records, baselines):
        runs = [_summary(record, references.get((record.setting, record.pair))) for record in group]
        for name in (*METRICS, validation.METRIC):
            found, n = _over_seeds([run[name] for run in runs])
            lines.append(key_columns(group[0]) | {"metric": name} | found | {"n": n})
    return as_frame(lines, schema.SUMMARY)


def _summary(record: RunRecord, independent: RetentionMatrix | None) -> dict[str, float]:
    """Return the metrics of one run, with the diagonal of the independent run as reference."""
    heads = record.heads or known_heads(record.scenario, len(record.matrix.tasks))
    reference = None
    if independent is not None:
        if independent.tasks != record.matrix.tasks:
            raise ValueError(f"{record.baseline}, seed {record.seed}: its tasks are not those of the independent run")
        reference = per_task.learned_accuracy_per_task(independent.mean)
    found = summarise(record.matrix.mean, reference, record.modalities, heads)
    return found | {validation.METRIC: record.best_validation}


def groups(records: Sequence[RunRecord], baselines: Sequence[str] | None = None) -> Iterator[Group]:
    """Yield the runs to be averaged together, by stream and scenario, then in the baselines' order.

    Within a group the runs are sorted by seed, then by the label of their task order. Arguments and errors as in
    :func:`retention_frame`.
    """
    order = list(dict.fromkeys(record.baseline for record in records)) if baselines is None else list(baselines)
    found: dict[tuple[tuple[str, ...], int, tuple[str, ...]], Group] = {}
    for record in records:
        if record.baseline not in order:
            raise ValueError(f"baseline {record.baseline!r} has runs but no place in the order {order}")
        place = (record.stream, record.scenario), order.index(record.baseline), record.setting
        found.setdefault(place, []).append(record)
    for key in sorted(found):
        group = sorted(found[key], key=lambda record: record.pair)
        first = group[0]
        for before, record in pairwise(group):
            where = f"{first.stream}, {first.baseline}: seed {record.seed}, order {record.order!r}"
            if before.pair == record.pair:
                raise ValueError(f"{where} appears more than once")
            if _content(record) != _content(first):
                raise ValueError(f"{where} has other tasks or modalities")
        yield group


def key_columns(record: RunRecord) -> Cells:
    """Return the columns that say which runs a line is about."""
    return {
        "stream": record.stream,
        "scenario": record.scenario,
        "model": record.model,
        "baseline": record.baseline,
        "data": record.data,
        "data_sha256": record.data_sha256,
    }


def as_frame(lines: list[Cells], table: schema.Table) -> pd.DataFrame:
    """Return the lines as a valid frame of ``table``."""
    frame = pd.DataFrame(lines, columns=table.header) if lines else schema.empty(table)
    schema.validate(frame, table)
    return frame


def _content(record: RunRecord) -> tuple[list[tuple[str, str]], bool]:
    """Return the tasks of a run with their modalities, whatever their order, and whether modalities are known."""
    modalities = record.modalities or ("",) * len(record.matrix.tasks)
    return sorted(zip(record.matrix.tasks, modalities, strict=True)), record.modalities is None


def _arenas_with_several_orders(records: Sequence[RunRecord]) -> set[Arena]:
    """Return the arenas in which two runs learned the tasks in different orders."""
    orders: dict[Arena, set[tuple[str, ...]]] = {}
    for record in records:
        orders.setdefault(record.arena, set()).add(record.matrix.tasks)
    return {arena for arena, found in orders.items() if len(found) > 1}


def _task_names(record: RunRecord, by_position: set[Arena]) -> Sequence[str]:
    """Return what the tables call the tasks of a run, in the order in which it learned them."""
    tasks = record.matrix.tasks
    return [f"position {number}" for number in range(1, len(tasks) + 1)] if record.arena in by_position else tasks


def _over_seeds(values: Sequence[float]) -> tuple[dict[str, float], int]:
    """Return mean, sd, half-width of the 95 % interval, smallest and largest of the values that are defined, and n."""
    defined = [value for value in values if not math.isnan(value)]
    if not defined:
        return dict.fromkeys(("mean", "sd", "ci95", "min", "max"), math.nan), 0
    found = mean_interval(defined, confidence=0.95)
    spread = {"mean": found.mean, "sd": found.sd, "ci95": found.half_width}
    return spread | {"min": min(defined), "max": max(defined)}, found.n
