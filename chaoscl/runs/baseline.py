"""The contract of a baseline, and the registry of baselines: one file each.

A file holds an object ``BASELINE = Baseline(...)``, named as the file. Avalanche is imported inside ``build``, because
importing it takes seconds and lists of baselines should not.
"""

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from chaoscl.errors import UserError
from chaoscl.hyper import HyperParameter, Value, changed_values, check_all
from chaoscl.models.zoo import Model
from chaoscl.registry import Origin, Registry, file_origin, load_file
from chaoscl.streams import TaskData

Schedule = Literal["sequential", "joint", "independent"]
_PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = (_PACKAGE / "baselines", _PACKAGE.parent / "baselines")
"""Where the package's own baselines are: inside it when it is installed, beside it in a checkout."""


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


def same_model(model: Model) -> Model:
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
        name: in commands and tables; by default that of the file.
        origin: where it was defined; set by the registry.
    """

    summary: str
    build: Callable[..., Any]
    source: str
    hyper: Mapping[str, HyperParameter] = field(default_factory=dict)
    schedule: Schedule = "sequential"
    model: Callable[[Model], Model] = same_model
    data: Callable[[TaskData, int], TaskData] = same_data
    stores: str = "nothing"
    task_labels: str = "not used"
    cost: str = "none"
    note: str = ""
    name: str = ""
    origin: Origin = field(default_factory=Origin, compare=False)

    @property
    def described(self) -> str:
        """The summary, and the note where there is one."""
        return f"{self.summary}. Note: {self.note}" if self.note else self.summary

    def __post_init__(self) -> None:
        check_all(self.hyper)

    def values(self, changed: Mapping[str, Value] | None = None) -> dict[str, Value]:
        """Return the hyper-parameters' values by name, those of ``changed`` in the place of the file's.

        Raises:
            UserError: there is no such hyper-parameter, or its value has another type or lies outside its range.
        """
        return changed_values(self.hyper, changed)

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


def _own() -> Iterator[Baseline]:
    """Yield the package's own baselines, by their files' names."""
    folder = next((one for one in FOLDERS if one.is_dir()), FOLDERS[0])
    for path in sorted(folder.glob("*.py")):
        if not path.stem.startswith("_"):
            origin = replace(file_origin(path), place="chaoscl")
            yield replace(load_file(path).BASELINE, name=path.stem, origin=origin)


BASELINES: Registry[Baseline] = Registry("baseline", Baseline, _own)


def find_baseline(text: str) -> Baseline:
    """Return a named baseline, or one made of a function that returns an Avalanche strategy.

    Args:
        text: a name, or ``module:function`` or ``file.py:function``; the function takes a Setup.

    Raises:
        UserError: there is none, or the function cannot be imported.
    """
    if ":" not in text:
        return BASELINES[text]
    place, _, attribute = text.rpartition(":")
    path = Path(place).expanduser()
    try:
        module = load_file(path) if path.is_file() else importlib.import_module(place)
        function = getattr(module, attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(f"--baselines {text}: {error}; give a name, module:function or file.py:function") from error
    if isinstance(function, Baseline):
        return replace(function, name=function.name or attribute)
    if not callable(function):
        raise UserError(f"--baselines {text}: {attribute} is not a function that takes a Setup and returns a strategy")
    file = getattr(module, "__file__", None)
    origin = replace(file_origin(Path(file)), place=place) if file else Origin(place)
    summary = (inspect.getdoc(function) or text).splitlines()[0]
    return Baseline(summary=summary, build=function, source=text, name=attribute, origin=origin)
