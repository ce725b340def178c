"""Fair tuning: the same number of trials for every baseline, on seeds of their own, on validation rows only.

A trial's score is the average incremental accuracy on the validation rows of the tasks seen so far. Seen are the first
tasks of the stream, as in Chaudhry et al. 2019 (arXiv:1812.00420, section 4): who tunes on the whole stream uses what a
continual learner cannot have, and gets the label ``oracle-tuned``.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chaoscl.data import Bank
from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.metrics import average_incremental_accuracy
from chaoscl.evaluation.tuning import CHOSEN, TRIALS
from chaoscl.files import write_atomic
from chaoscl.hyper import HyperParameter, Value
from chaoscl.runs.baseline import Baseline
from chaoscl.runs.spec import RunSpec
from chaoscl.seeds import derive

FIRST_SEED = 1_000_000
"""Tuning seeds start here, far from the seeds 0, 1, ... of reported runs."""

SEARCH = "search.json"
SCORE_DIGITS = 6
"""Of a score: as many as trials.csv holds, so that a search that goes on compares what it reads."""
_DIGITS = ".6g"
"""The precision with which proposed values are tried."""
Report = Callable[[str], None]


@dataclass(frozen=True)
class Search:
    """A search for the hyper-parameters of several baselines.

    Attributes:
        spec: a run of the search; baseline, seed and hyper-parameters are set for each trial.
        trials: for each baseline that has something to search.
        seeds: tuning seeds behind each score.
    """

    spec: RunSpec
    trials: int
    seeds: int

    def __post_init__(self) -> None:
        total = len(self.spec.stream.tasks)
        if self.trials < 1 or self.seeds < 1:
            raise UserError("--trials and --seeds must be at least 1")
        if not 1 <= self.spec.tasks <= total:
            raise UserError(f"--tasks {self.spec.tasks}: {self.spec.stream.name} has 1 to {total} tasks to tune on")

    @property
    def label(self) -> str:
        """``tuned`` or ``oracle-tuned``."""
        return "tuned" if self.spec.tasks < len(self.spec.stream.tasks) else "oracle-tuned"


def search(wanted: Search, baselines: Sequence[Baseline], bank: Bank, out: Path, report: Report) -> pd.DataFrame:
    """Make the trials that ``out/trials.csv`` does not hold yet, and return ``chosen.csv``, written there too.

    Args:
        wanted: what to search.
        baselines: to be searched.
        bank: holds the stream's data sets.
        out: results folder; a search goes on where it was stopped.
        report: told of each trial.
    """
    _claim(out, wanted, bank)
    done = read_rows(TRIALS, out)
    place = {baseline.name: number for number, baseline in enumerate(baselines)}
    for baseline in baselines:
        name = baseline.name
        space = {key: hyper for key, hyper in baseline.hyper.items() if hyper.search is not None}
        own = [row for row in done if row["baseline"] == name]
        for trial in range(len(own), wanted.trials if space else 1):
            values = _propose(name, space, own, trial)
            row = {"baseline": name, "trial": trial, "values": _text(name, values)}
            row |= _score(wanted, baseline, values, bank)
            own.append(row)
            done = sorted([*done, row], key=lambda one: place.get(one["baseline"], len(place)))
            write_rows(done, TRIALS, out)
            report(f"{name} trial {trial + 1}: {row['values'] or 'nothing to search'}: {row['score']:.4f}")
    return write_rows([_choice(wanted, name, done) for name in place], CHOSEN, out)


def _claim(out: Path, wanted: Search, bank: Bank) -> None:
    """Note in ``out`` what is searched, or refuse a folder that holds another search."""
    spec = {name: getattr(wanted.spec, name).name for name in ("stream", "model", "recipe")} | wanted.spec.options
    data = {dataset.card.name: dataset.sha256 for dataset in bank.datasets}
    text = json.dumps({"spec": spec, "seeds": wanted.seeds, "data": data}, indent=2) + "\n"
    note = out / SEARCH
    if note.is_file() and note.read_text(encoding="utf-8") != text:
        raise UserError(f"{out} holds another search ({note.name}); give another folder with --out")
    write_atomic(note, text)


def tuning_seeds(count: int) -> list[int]:
    """Return ``count`` seeds that no reported run has."""
    return [FIRST_SEED + number for number in range(count)]


def read_rows(table: schema.Table, out: Path) -> list[dict[str, Any]]:
    """Return the lines of a search's file that were written before; none if there is no file.

    Raises:
        UserError: the file is not one of this kind.
    """
    path = out / table.name
    try:
        held = schema.read_csv(table, path)
    except FileNotFoundError:
        return []
    except ValueError as error:
        raise UserError(f"{path} is not ours ({error}); give another folder with --out") from error
    return held.to_dict("records")  # type: ignore[return-value]


def write_rows(rows: Sequence[Mapping[str, Any]], table: schema.Table, out: Path) -> pd.DataFrame:
    """Write the lines of a search's file, whole or not at all, and return them as a frame."""
    frame = pd.DataFrame(rows, columns=table.header)
    write_atomic(out / table.name, schema.to_csv(frame, table))
    return frame


def _propose(
    baseline: str, space: Mapping[str, HyperParameter], done: Sequence[Mapping[str, Any]], trial: int
) -> dict[str, Value]:
    """Return the values to try next: those of the file, then what Optuna's TPE proposes after the trials so far.

    The sampler is seeded by the baseline and the number of the trial, so a search that was stopped goes on as if it
    had not been (Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization, section 4).
    """
    import optuna

    if trial == 0:
        return {name: hyper.value for name, hyper in space.items()}
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=derive(FIRST_SEED, "tune", baseline, trial) % 2**32, n_startup_trials=5)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    distributions = {name: _distribution(hyper) for name, hyper in space.items()}
    for row in done:
        values = dict(entry.split(".", 1)[1].split("=") for entry in row["values"].split(","))
        params = {name: type(hyper.value)(values[name]) for name, hyper in space.items()}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=row["score"]))
    proposed = study.ask(distributions).params
    return {name: _rounded(value, space[name]) for name, value in proposed.items()}


def _rounded(value: Value, hyper: HyperParameter) -> Value:
    """Return a proposed value with as few digits as are tried, and still inside the search."""
    if not isinstance(value, float):
        return value
    assert hyper.search is not None
    return min(max(float(f"{value:{_DIGITS}}"), hyper.search.low), hyper.search.high)


def _distribution(hyper: HyperParameter) -> Any:
    import optuna

    assert hyper.search is not None
    low, high, log = hyper.search.low, hyper.search.high, hyper.search.log
    if isinstance(hyper.value, int):
        return optuna.distributions.IntDistribution(int(low), int(high), log=log)
    return optuna.distributions.FloatDistribution(low, high, log=log)


def _score(wanted: Search, baseline: Baseline, values: Mapping[str, Value], bank: Bank) -> dict[str, float | int]:
    """Train with these values on every tuning seed, and return the score and what it cost; a failed run scores 0."""
    from chaoscl.runs.execute import execute
    from chaoscl.runs.training import RunFailedError

    scores, samples, macs = [], 0, 0
    for seed in tuning_seeds(wanted.seeds):
        spec = replace(wanted.spec, baseline=baseline, seed=seed, hyper=tuple(sorted(values.items())))
        try:
            outcome = execute(spec, bank)
        except RunFailedError:
            scores.append(0.0)
            continue
        matrix = outcome.matrix.mean
        final_only = bool(np.isnan(matrix[1]).any())
        scores.append(float(matrix[-1].mean()) if final_only else average_incremental_accuracy(matrix))
        samples += outcome.cost.samples
        macs += outcome.cost.macs
    return {"score": round(float(np.mean(scores)), SCORE_DIGITS), "samples": samples, "macs": macs}


def _text(baseline: str, values: Mapping[str, Value]) -> str:
    return ",".join(f"{baseline}.{name}={_written(value)}" for name, value in values.items())


def _written(value: Value) -> str:
    """Return a value as trials.csv holds it, which reads back as the same value: in few digits where those do."""
    short = f"{value:{_DIGITS}}" if isinstance(value, float) else str(value)
    return repr(value) if isinstance(value, float) and float(short) != value else short


def _choice(wanted: Search, baseline: str, done: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the line of chosen.csv: the best trial, the earlier one of equals."""
    own = [row for row in done if row["baseline"] == baseline][: wanted.trials]
    best = max(own, key=lambda row: row["score"])
    return {
        "baseline": baseline,
        "label": wanted.label,
        "values": best["values"],
        "score": best["score"],
        "default_score": own[0]["score"],
        "trials": len(own),
        "tasks": wanted.spec.tasks,
        "seeds": " ".join(map(str, tuning_seeds(wanted.seeds))),
        "samples": sum(row["samples"] for row in own),
        "macs": sum(row["macs"] for row in own),
    }
