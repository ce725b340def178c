"""A results folder as a report needs it: its aggregates, checked against each other, and its raw runs where they are.

Committed files alone make a report; raw runs (git-ignored) add what only they hold: versions, commit and code of each.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.matrices import RUN, records_of
from chaoscl.evaluation.stored import RUNS_FOLDER, StoredRun, is_finished, read_run

NEEDED = (
    *(schema.RETENTION, schema.FORGETTING, schema.SUMMARY),
    *(schema.MATRICES, schema.FOLDER_CURVES, schema.RUNS, schema.DATA),
)
OPTIONAL = (schema.COMPARISONS, schema.COSTS, schema.TIMINGS)
COMMAND = "command.txt"
EMBEDDED = "embedded"
_KEY = ["stream", "scenario", "data", "data_sha256"]
_NAME = ["model", "baseline"]
_ROUNDING = 2e-6
"""Two means of one thing, each written with six decimals, may differ by this much."""


@dataclass(frozen=True)
class Results:
    """One results folder.

    Attributes:
        folder: as it was given.
        frames: by the name of the file; an optional file that is not there is an empty frame.
        missing: names of the optional files that are not there.
        command: the commands that made the folder, a line each; empty where it does not say.
        sha256: SHA-256 of each file that was read, by its name.
        records: the finished runs, from matrices.csv.
        stored: the finished runs of runs.csv whose raw folders are there, in its order.
    """

    folder: Path
    frames: dict[str, pd.DataFrame]
    missing: tuple[str, ...]
    command: str
    sha256: dict[str, str]
    records: tuple[RunRecord, ...]
    stored: tuple[StoredRun, ...]

    def __getitem__(self, table: schema.Table | str) -> pd.DataFrame:
        """Return the frame of a kind of file, or of a file's name."""
        return self.frames[table if isinstance(table, str) else table.name]

    @property
    def key(self) -> dict[str, str]:
        """Stream, scenario, data and data_sha256, the same for every line."""
        return {name: str(self[schema.SUMMARY][name].iloc[0]) for name in _KEY}

    @property
    def embedded(self) -> bool:
        """Whether any data set is a generated stand-in for a real one."""
        return self.key["data"] == EMBEDDED or EMBEDDED in set(self[schema.DATA]["source"])

    @property
    def tasks(self) -> list[str]:
        """The tasks in stream order, or positions where runs differ in their order."""
        return list(dict.fromkeys(self[schema.FORGETTING]["task"]))

    @property
    def competitors(self) -> list[tuple[str, str]]:
        """Each (model, baseline), in the command's order."""
        return list(self[schema.FORGETTING][_NAME].drop_duplicates().itertuples(index=False, name=None))

    @property
    def title(self) -> str:
        """Name the stream, the scenario, how many seeds, and the data, in capitals where they are stand-ins."""
        counts = sorted(set(self[schema.FORGETTING]["n"]))
        runs = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        data = "EMBEDDED data, no real results" if self.embedded else f"{self.key['data']} data"
        seeds = "seed" if runs == "1" else "seeds"
        return f"{self.key['stream']}, {self.key['scenario']}-incremental, {runs} {seeds}, {data}"

    @property
    def at_once(self) -> set[tuple[str, str]]:
        """Competitors without a row after each task: they learned all tasks at once, as no continual learner can."""
        retention = self[schema.RETENTION]
        return set(retention.loc[retention["n"] == 0, _NAME].itertuples(index=False, name=None))

    def curves(self, record: RunRecord) -> pd.DataFrame:
        """Return the learning curves of a run, one row an epoch."""
        return self.lines(schema.FOLDER_CURVES, record)

    def lines(self, table: schema.Table, record: RunRecord) -> pd.DataFrame:
        """Return the lines of a file that are about a run; the file has the columns of RUN."""
        held = self[table]
        return held[(held[RUN] == list(record.run)).all(axis=1)].reset_index(drop=True)

    def label(self, model: str, baseline: str) -> str:
        """Return what a figure calls a competitor: its baseline, and its model where there are several."""
        several = len({name for name, _ in self.competitors}) > 1
        return f"{baseline} ({model})" if several else baseline

    def values(self, metric: str) -> pd.DataFrame:
        """Return mean, sd, ci95 and n of a metric of summary.csv, indexed by (model, baseline) in order."""
        summary = self[schema.SUMMARY]
        chosen = summary[summary["metric"] == metric].set_index(_NAME)[["mean", "sd", "ci95", "n"]]
        return chosen.reindex(pd.MultiIndex.from_tuples(self.competitors, names=_NAME))


def read_results(folder: Path) -> Results:
    """Read a results folder and check that its files belong together.

    Raises:
        UserError: the folder or a file is missing, is not what the suite writes, or contradicts another file.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; {_instead(folder)}")
    if not (folder / schema.SUMMARY.name).is_file():
        raise UserError(f"{folder} holds no {schema.SUMMARY.name}, so no results; {_instead(folder)}")
    frames = {table.name: read_frame(folder, table) for table in NEEDED}
    there = [table for table in OPTIONAL if (folder / table.name).is_file()]
    for table in OPTIONAL:
        frames[table.name] = read_frame(folder, table) if table in there else schema.empty(table)
    command = _read(folder / COMMAND).decode("utf-8", "replace").strip() if (folder / COMMAND).is_file() else ""
    problem = _problem(frames)
    if problem:
        raise UserError(
            f"{folder}: {problem}; a file was changed by hand or comes from another command, make the folder again"
            + (f" with '{command.splitlines()[0]}'" if command else "")
        )
    read = [table.name for table in (*NEEDED, *there)]
    return Results(
        folder=folder,
        frames=frames,
        missing=tuple(table.name for table in OPTIONAL if table not in there),
        command=command,
        records=_records(folder, frames[schema.MATRICES.name]),
        sha256={name: hashlib.sha256(_read(folder / name)).hexdigest() for name in read},
        stored=_stored(folder, frames[schema.RUNS.name]),
    )


def _instead(folder: Path) -> str:
    """Return what to give in place of a folder that is not there or has no results."""
    inner = sorted(path.parent for path in folder.glob(f"*/{schema.SUMMARY.name}"))
    if inner:
        return f"give one of the folders inside it: {', '.join(map(str, inner))}"
    near = sorted(path.parent for path in folder.parent.glob(f"*/{schema.SUMMARY.name}"))
    near = [path for path in near if path.name.startswith(folder.name)]
    if near:
        return f"did you mean {', '.join(map(str, near))}?"
    return "give a results folder that benchmarks/run.py has written"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); run the folder's command again") from error


def read_frame(folder: Path, table: schema.Table) -> pd.DataFrame:
    """Return an aggregate of a results folder.

    Raises:
        UserError: it is missing, or is not what the table says.
    """
    path = folder / table.name
    try:
        return schema.read_csv(table, path)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); run the folder's command again") from error
    except ValueError as error:
        raise UserError(f"{error}; the file was changed by hand or is of another version, make it again") from error


def _records(folder: Path, matrices: pd.DataFrame) -> tuple[RunRecord, ...]:
    try:
        return tuple(records_of(matrices))
    except ValueError as error:
        raise UserError(f"{folder}: {error}; the file was changed by hand, make the folder again") from error


def _stored(folder: Path, runs: pd.DataFrame) -> tuple[StoredRun, ...]:
    root, names = folder / RUNS_FOLDER, runs.loc[runs["status"] == "finished", "run"]
    try:
        return tuple(read_run(root / name) for name in names if is_finished(root / name))
    except ValueError as error:
        raise UserError(f"{error}; delete that run's folder and run the command again") from error


def _problem(frames: dict[str, pd.DataFrame]) -> str:
    """Return how the aggregates contradict each other, or the empty text."""
    retention, forgetting, summary, matrices = (frames[table.name] for table in NEEDED[:4])
    runs = frames[schema.RUNS.name]
    if not (len(forgetting) and len(summary) and len(retention)):
        failed = int((runs["status"] == "failed").sum())
        return f"there is no finished run ({failed} failed, see {schema.RUNS.name})"
    four = (retention, forgetting, summary, matrices)
    names = {frozenset(frame[[*_KEY, *_NAME]].itertuples(index=False)) for frame in four}
    if len(names) > 1 or len(summary[_KEY].drop_duplicates()) > 1:
        return "matrices.csv, retention.csv, forgetting.csv and summary.csv are not about the same runs of one stream"
    twice = {
        schema.SUMMARY.name: summary.duplicated([*_NAME, "metric"]),
        schema.FORGETTING.name: forgetting.duplicated([*_NAME, "task"]),
        schema.RETENTION.name: retention.duplicated([*_NAME, "row", "task"]),
    }
    for file, repeated in twice.items():
        if repeated.any():
            return f"{file} holds a line twice"
    return (
        _disagreement(retention, forgetting, summary)
        or _miscount(forgetting, runs)
        or _other_runs(matrices, runs)
        or _strangers(frames, summary)
        or _other_differences(frames[schema.COMPARISONS.name], summary)
    )


def _disagreement(retention: pd.DataFrame, forgetting: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Return where final accuracies differ between the files, or the empty text."""
    averages = summary[summary["metric"] == "average_accuracy"].set_index(_NAME)["mean"]
    last = retention[retention["row"] == retention["row"].max()].set_index([*_NAME, "task"])["mean"]
    for name, group in _by_name(forgetting):
        final = group["final_mean"].to_numpy()
        who = f"{name[1]} ({name[0]})"
        if name not in averages.index or not np.isclose(final.mean(), averages[name], rtol=0, atol=_ROUNDING):
            return f"average accuracy of {who} is not the same in summary.csv and forgetting.csv"
        cells = last.reindex(pd.MultiIndex.from_product([[name[0]], [name[1]], group["task"]])).to_numpy()
        if not np.allclose(final, cells, rtol=0, atol=_ROUNDING):
            return f"final accuracies of {who} are not the same in retention.csv and forgetting.csv"
    return ""


def _by_name(frame: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    for (model, baseline), group in frame.groupby(_NAME, sort=False):
        yield (str(model), str(baseline)), group


def _miscount(forgetting: pd.DataFrame, runs: pd.DataFrame) -> str:
    """Return whose runs are not as many as the aggregates say, or the empty text."""
    finished = runs[runs["status"] == "finished"].groupby(_NAME).size()
    for name, group in _by_name(forgetting):
        there = int(finished.get(name, 0))
        if set(group["n"]) != {there}:
            return f"forgetting.csv is over {group['n'].max()} runs of {name[1]} ({name[0]}), runs.csv has {there}"
    return ""


def _other_runs(matrices: pd.DataFrame, runs: pd.DataFrame) -> str:
    """Return that the finished runs are not those with a matrix, or the empty text."""
    finished = runs[runs["status"] == "finished"]
    same = set(finished[RUN].itertuples(index=False)) == set(matrices[RUN].itertuples(index=False))
    return "" if same else "runs.csv and matrices.csv are not about the same runs"


def _strangers(frames: dict[str, pd.DataFrame], summary: pd.DataFrame) -> str:
    """Return which optional file names a baseline that has no results, or the empty text."""
    known = set(summary[_NAME].itertuples(index=False, name=None))
    for table in OPTIONAL:
        for model, baseline in frames[table.name][_NAME].itertuples(index=False, name=None):
            if (model, baseline) not in known:
                return f"{table.name} has {baseline} ({model}), which has no results"
    return ""


def _other_differences(comparisons: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Return whose paired difference is not that of the means, or the empty text.

    The two are equal where every run has its pair; the reference is found by its model, else it is its only one.
    """
    means = summary.set_index([*_NAME, "metric"])[["mean", "n"]]
    for line in comparisons.to_dict("records"):
        # "naive (chaos2k)" where the reference has several models and none of them is the line's.
        reference, _, model = str(line["reference"]).removesuffix(")").partition(" (")
        models = list(dict.fromkeys(summary.loc[summary["baseline"] == reference, "model"]))
        if not models or (model and model not in models):
            return f"{schema.COMPARISONS.name} compares with {line['reference']}, which has no results"
        model = model or (line["model"] if line["model"] in models else models[0])
        own, other = (line["model"], line["baseline"], line["metric"]), (model, reference, line["metric"])
        if own not in means.index or other not in means.index:
            return f"{schema.COMPARISONS.name} has {line['metric']}, which {schema.SUMMARY.name} has not"
        difference = means["mean"][own] - means["mean"][other]
        complete = line["n"] == means["n"][own] == means["n"][other]
        if complete and line["n"] and not np.isclose(line["difference"], difference, rtol=0, atol=_ROUNDING):
            who = f"{line['baseline']} ({line['model']})"
            return (
                f"{line['metric']} of {who} differs in {schema.COMPARISONS.name} by other than in {schema.SUMMARY.name}"
            )
    return ""
