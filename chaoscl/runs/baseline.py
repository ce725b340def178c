"""The contract of a baseline, and how baselines are found: one file each, in one folder.

A file ``baselines/<name>.py`` holds ``BASELINE``, a Baseline. Nothing else has to be registered anywhere. Avalanche is
imported inside ``build``, because importing it takes seconds and lists of baselines should not.
"""

import hashlib
import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from chaoscl.errors import UserError, unknown
from chaoscl.runs.spec import Value
from chaoscl.streams import TaskData

Schedule = Literal["sequential", "joint", "independent"]
MODULE_PREFIX = "chaoscl_baseline_"
"""Of the names under which baselines' files are loaded."""
FOLDER = Path(__file__).resolve().parents[2] / "baselines"


@dataclass(frozen=True)
class Setup:
    """What a baseline builds its strategy from.

    Attributes:
        model: the cross-modal network.
        optimizer: RecipeAdamW over all its parameters.
        batch: samples in a batch of the first experience; the runner sets it anew for each.
        epochs: likewise.
        device: such as ``cpu``.
        plugins: schedule, curves and retention matrix; they must be handed to the strategy.
    """

    model: Any
    optimizer: Any
    batch: int
    epochs: int
    device: str
    plugins: Sequence[Any]

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments that every Avalanche strategy takes."""
        from torch.nn import CrossEntropyLoss

        from chaoscl.runs.training import NoMetrics

        return {
            "model": self.model,
            "optimizer": self.optimizer,
            "criterion": CrossEntropyLoss(),
            "train_mb_size": self.batch,
            "train_epochs": self.epochs,
            "eval_mb_size": self.batch,
            "device": self.device,
            "plugins": list(self.plugins),
            "evaluator": NoMetrics(),
        }


@dataclass(frozen=True)
class Search:
    """Where ``benchmarks/tune.py`` looks for a value: between ``low`` and ``high``, on a logarithmic scale or not."""

    low: float
    high: float
    log: bool = True

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            scale = "on a logarithmic scale" if self.log else "on a linear scale"
            raise UserError(f"there is nothing to search from {self.low:g} to {self.high:g} {scale}")


@dataclass(frozen=True)
class Range:
    """The values that a hyper-parameter can have.

    Attributes:
        low: the smallest.
        high: the largest; None for no limit.
        exclusive: whether ``low`` itself is left out.
        each: what ``low`` is counted for: once for each task of the stream, for each of its classes, or once ("").
    """

    low: float
    high: float | None = None
    exclusive: bool = False
    each: Literal["", "task", "class"] = ""

    def __contains__(self, value: float) -> bool:
        return (value > self.low if self.exclusive else value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        least = f"{'above' if self.exclusive else 'at least'} {self.low:g}"
        return least if self.high is None else f"{least} and at most {self.high:g}"


@dataclass(frozen=True)
class Hyper:
    """A hyper-parameter: its value, where that comes from, what it can be, and where a better one may be sought.

    Attributes:
        value: used when nothing else is said.
        source: paper, or how it was fixed.
        search: None for what is a budget rather than a choice, such as the samples in a memory.
        range: the values that it can have; None for text, or for any number.
    """

    value: Value
    source: str
    search: Search | None = None
    range: Range | None = None

    def check(self) -> None:
        """Refuse a value outside range or search, or a search outside the range.

        Raises:
            UserError: which it is.
        """
        if isinstance(self.value, str):
            return
        search = self.search
        numbers = {"its value": self.value}
        if search is not None:
            numbers |= {"its search from": search.low, "its search to": search.high}
            if not search.low <= self.value <= search.high:
                raise UserError(f"its value {self.value:g} lies outside its search, {search.low:g} to {search.high:g}")
        for what, number in numbers.items():
            if self.range is not None and number not in self.range:
                raise UserError(f"{what} {number:g} lies outside its range, {self.range}")


def same_model(model: str) -> str:
    """Return the model that was asked for."""
    return model


def same_data(data: TaskData, seed: int) -> TaskData:
    """Return the samples as they are."""
    return data


@dataclass(frozen=True)
class Baseline:
    """A continual-learning strategy to be compared.

    Attributes:
        summary: one line for lists.
        build: makes the Avalanche strategy from a Setup and the hyper-parameters' values.
        hyper: hyper-parameters by name.
        source: what to cite.
        schedule: ``sequential`` (one task after another), ``joint`` (all at once), ``independent`` (a model each).
        model: from the model asked for to the one that is trained.
        data: from a task's samples and the run's seed to the samples that are trained on.
        stores: what is kept beyond the model, in a few words.
        task_labels: what training asks of them, in a few words.
        cost: what a step costs beyond naive fine-tuning, in a few words.
        note: what a reader of its results must know, such as a defect of the stock strategy and what it costs.
    """

    summary: str
    build: Callable[..., Any]
    source: str
    hyper: Mapping[str, Hyper] = field(default_factory=dict)
    schedule: Schedule = "sequential"
    model: Callable[[str], str] = same_model
    data: Callable[[TaskData, int], TaskData] = same_data
    stores: str = "nothing"
    task_labels: str = "not used"
    cost: str = "none"
    note: str = ""

    @property
    def described(self) -> str:
        """The summary, and the note where there is one."""
        return f"{self.summary}. Note: {self.note}" if self.note else self.summary

    def __post_init__(self) -> None:
        for name, hyper in self.hyper.items():
            try:
                hyper.check()
            except UserError as error:
                raise UserError(f"hyper-parameter {name}: {error}") from error

    def values(self, changed: Mapping[str, Value] | None = None) -> dict[str, Value]:
        """Return the hyper-parameters' values by name.

        Args:
            changed: values to use instead, each turned into the type of the one in the file.

        Raises:
            UserError: there is no such hyper-parameter, or its value has another type.
        """
        values = {name: hyper.value for name, hyper in self.hyper.items()}
        for name, value in (changed or {}).items():
            if name not in values:
                raise unknown("hyper-parameter", name, values or ["none"])
            values[name] = _typed(name, value, type(values[name]))
            number, allowed = values[name], self.hyper[name].range
            if allowed is not None and not isinstance(number, str) and number not in allowed:
                raise UserError(f"hyper-parameter {name} = {number:g}: it must be {allowed}")
        return values

    def check_stream(self, values: Mapping[str, Value], tasks: int, classes: int) -> None:
        """Refuse values that are too small for a stream, such as a memory of fewer samples than tasks.

        Args:
            values: of all hyper-parameters, by name.
            tasks: of the stream.
            classes: of all its tasks.

        Raises:
            UserError: a value is too small.
        """
        for name, hyper in self.hyper.items():
            allowed = hyper.range
            if allowed is None or not allowed.each:
                continue
            least = allowed.low * {"task": tasks, "class": classes}[allowed.each]
            if float(values[name]) < least:
                raise UserError(
                    f"hyper-parameter {name} = {values[name]}: the stream needs at least {least:g},"
                    f" {allowed.low:g} for each {allowed.each}"
                )


def _typed(name: str, value: Value, kind: type) -> Value:
    """Return a hyper-parameter's value in the type of the one in the baseline's file.

    Raises:
        UserError: it is no finite number, or not a whole one where one is needed.
    """
    if kind is str:
        return str(value)
    try:
        number = float(value)
    except ValueError as error:
        raise UserError(f"hyper-parameter {name} = '{value}': a number is needed") from error
    if not math.isfinite(number) or (kind is int and not number.is_integer()):
        raise UserError(
            f"hyper-parameter {name} = '{value}': a {'whole' if kind is int else 'finite'} number is needed"
        )
    return kind(number)


def find_baselines(folder: Path = FOLDER) -> dict[str, Path]:
    """Return the files of all baselines in ``folder``, by name.

    Raises:
        UserError: the folder is not there, or holds no baseline.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")}
    if not files:
        raise UserError(f"no baselines in {folder}: it needs files <name>.py that define BASELINE")
    return files


def load_baseline(name: str, folder: Path = FOLDER) -> Baseline:
    """Return the baseline called ``name``.

    Raises:
        UserError: there is no such file, it cannot be loaded, or it does not define BASELINE.
    """
    files = find_baselines(folder)
    if name not in files:
        raise unknown("baseline", name, files)
    path = files[name]
    spec = importlib.util.spec_from_file_location(MODULE_PREFIX + name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"baseline '{name}': {path} cannot be loaded: {type(error).__name__}: {error}") from error
    baseline = getattr(module, "BASELINE", None)
    if not isinstance(baseline, Baseline):
        raise UserError(f"baseline '{name}': {path} does not define BASELINE, a chaoscl.runs.baseline.Baseline")
    return baseline


def file_hash(name: str, folder: Path = FOLDER) -> str:
    """Return the SHA-256 of a baseline's file: a changed baseline is another baseline."""
    return hashlib.sha256(find_baselines(folder)[name].read_bytes()).hexdigest()
