"""The specification of a run: everything that determines its numbers, as objects."""

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

from chaoscl.errors import UserError
from chaoscl.hyper import Value
from chaoscl.models import Model
from chaoscl.registry import Origin
from chaoscl.runs.baseline import Baseline
from chaoscl.runs.recipes import Recipe, Settings
from chaoscl.streams import GIVEN, Scenario, Stream

SPEC_VERSION = 4
EvalSplit = Literal["test", "validation"]
_PARTS = ("stream", "model", "baseline", "recipe")


@dataclass(frozen=True)
class RunSpec:
    """One run: a stream learned by a model under a baseline with a seed.

    Attributes:
        stream: in its given order.
        scenario: ``task``, ``domain`` or ``class``.
        model: that was asked for; the baseline may train another (``mlp`` does).
        baseline: the strategy.
        seed: from which every named draw is derived.
        recipe: how tasks are trained.
        order: of the tasks; see chaoscl.streams.stream.Stream.ordered.
        kernel: what counts the cortex' spikes and computes the image encoders' first block, ``torch`` or ``fused``; see
            chaoscl.models.kernel.
        precision: in which the encoders compute, ``float32`` or ``bfloat16``; weights are float32 always.
        hyper: hyper-parameters of the baseline that are not at the value in its file, by name.
        repetitions: stochastic evaluations averaged per accuracy.
        part: the rows that are evaluated: ``test`` or, for tuning, ``validation``.
        tasks: how many of the stream's tasks are learned, from the first; 0 for all.
        train_rows: most training rows of a task, drawn by the seed with each class in its proportion; 0 for all.
        device: ``cpu`` or ``cuda``.
    """

    stream: Stream
    scenario: Scenario
    model: Model
    baseline: Baseline
    seed: int
    recipe: Recipe
    order: str = GIVEN
    kernel: str = "torch"
    precision: str = "float32"
    hyper: tuple[tuple[str, Value], ...] = ()
    repetitions: int = 3
    part: EvalSplit = "test"
    tasks: int = 0
    train_rows: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UserError(f"seed {self.seed} is negative; seeds are 0, 1, 2, ...")
        if self.repetitions < 1:
            raise UserError(f"--repetitions {self.repetitions}: at least one evaluation is needed")
        if self.tasks < 0:
            raise UserError(f"--tasks {self.tasks}: give how many of the stream's are learned, or 0 for all")
        if self.train_rows < 0:
            raise UserError(f"--train-rows {self.train_rows}: give the most rows of a task, or 0 for all")

    @property
    def learned(self) -> Stream:
        """The stream in the order in which this run learns it."""
        return self.stream.ordered(self.order, self.seed)

    @property
    def trained(self) -> Model:
        """The model that the baseline trains."""
        return self.baseline.model(self.model)

    @property
    def values(self) -> dict[str, Value]:
        """All hyper-parameters of the baseline by name."""
        return self.baseline.values(dict(self.hyper))

    @property
    def options(self) -> dict[str, Any]:
        """What a run is asked for besides its parts, by the names of the fields above."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in (*_PARTS, "hyper")}


def settings_text(spec: RunSpec) -> str:
    """Return what all runs of a results folder share, as ``recipe=standard precision=float32 ...``.

    It is all that a run is asked for, but for what tells the runs of a folder apart (baseline, model, seed, order),
    what the files say elsewhere (stream, scenario, hyper-parameters), and how it is computed (kernel, device).
    """
    said = {"scenario", "seed", "order", "kernel", "device"}
    asked = {"recipe": spec.recipe.name} | {name: value for name, value in spec.options.items() if name not in said}
    return " ".join(f"{name}={value}" for name, value in asked.items())


def hyper_text(spec: RunSpec) -> str:
    """Return the hyper-parameters that were changed, as ``ewc_lambda=100.0 fisher_samples=50``; empty for none."""
    return " ".join(f"{name}={value}" for name, value in spec.hyper)


def spec_record(spec: RunSpec, settings: Mapping[str, Settings]) -> dict[str, Any]:
    """Return all that determines a run in plain values: it can be told, and repeated without any catalogue.

    Args:
        spec: the run.
        settings: how each task that is learned is trained, by its name.
    """
    stream, model = spec.learned, spec.trained
    named = {name: getattr(spec, name).name for name in _PARTS}
    tasks = [
        {"name": task.name, "dataset": task.dataset, "labels": list(task.labels), "permuted": task.permuted}
        for task in stream.tasks
    ]
    return {
        **named,
        **spec.options,
        "hyper_parameters": spec.values,
        "tasks_of_stream": tasks,
        "stream_version": stream.version,
        "trained_model": {"name": model.name, **model.facts},
        "training": {name: asdict(one) for name, one in settings.items()},
        "origins": origins(spec),
    }


def origins(spec: RunSpec) -> dict[str, dict[str, str]]:
    """Return where each part of a run was defined, with the hash of its file.

    Parts of this package that are plain values are told by those, and their file does not count.
    """
    model = spec.trained
    parts: dict[str, Any] = {f"baseline {spec.baseline.name}": spec.baseline}
    others = {"stream": spec.stream, "recipe": spec.recipe, "model": spec.model}
    others |= {f"data set {name}": data for name, data in spec.stream.data.items()}
    others |= {f"{kind} {part.name}": part for kind, part in zip(("trunk", "text", "image"), model.parts, strict=True)}
    parts |= {name: part for name, part in others.items() if origin_of(part) != Origin()}
    return {name: asdict(origin_of(part)) for name, part in parts.items()}


def origin_of(part: Any) -> Origin:
    """Return where a part was defined: as its registry says, or for one that was made in Python by its functions."""
    if part.origin != Origin():
        return part.origin
    files = sorted({file for function in _functions(part) if (file := _foreign_file(function))})
    if not files:
        return Origin()
    combined = hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()
    return Origin(", ".join(files), combined)


def _functions(part: Any) -> list[Callable[..., Any]]:
    """Return the functions among the fields of a part."""
    values = [getattr(part, field.name) for field in fields(part)] if is_dataclass(part) else []
    return [value for value in values if callable(value)]


def _foreign_file(function: Callable[..., Any]) -> str | None:
    """Return the file of a function that is not this package's; None if it is, or has no file."""
    plain = inspect.unwrap(getattr(function, "func", function))
    if getattr(plain, "__module__", "").partition(".")[0] in ("chaoscl",):
        return None
    try:
        file = inspect.getsourcefile(plain)
    except TypeError:
        return None
    return file if file and Path(file).is_file() else None


def run_hash(record: Mapping[str, Any], data: Mapping[str, str], versions: Mapping[str, str]) -> str:
    """Return 12 hex digits that change whenever anything that determines the run does.

    Args:
        record: what spec_record returns.
        data: SHA-256 of the prepared tensors by data set.
        versions: of the packages that compute.
    """
    told = {**record, "origins": {name: origin["sha256"] for name, origin in record["origins"].items()}}
    determined = {"spec_version": SPEC_VERSION, "spec": told, "data": dict(data), "versions": dict(versions)}
    return hashlib.sha256(json.dumps(determined, sort_keys=True).encode()).hexdigest()[:12]
