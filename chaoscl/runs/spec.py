"""The specification of a run: everything that determines its numbers."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from chaoscl.errors import UserError
from chaoscl.models import ModelOptions
from chaoscl.streams import GIVEN

SPEC_VERSION = 3
_ADDED_OPTIONS = {"kernel": "torch", "precision": "float32"}
"""Options of a model that came later, and what there was before: runs of then keep their names."""
Value = float | int | str
Part = Literal["test", "validation"]


@dataclass(frozen=True)
class RunSpec:
    """One run: a stream learned by a model under a baseline with a seed.

    Attributes:
        stream: as given in the command.
        scenario: ``task``, ``domain`` or ``class``.
        model: as given in the command; the baseline may train another (``mlp`` does).
        baseline: name of the baseline's file.
        seed: from which every named draw is derived.
        recipe: name of the training recipe.
        order: of the tasks; see chaoscl.streams.stream.Stream.ordered.
        options: variations of the model.
        hyper: hyper-parameters of the baseline that are not at the value in its file, by name.
        repetitions: evaluations behind each number, because the model is stochastic at test time too.
        part: the rows that are evaluated: ``test`` or, for tuning, ``validation``.
        tasks: how many of the stream's tasks are learned, from the first; 0 for all.
        device: ``cpu`` or ``cuda``.
    """

    stream: str
    scenario: str
    model: str
    baseline: str
    seed: int
    recipe: str = "standard"
    order: str = GIVEN
    options: ModelOptions = field(default_factory=ModelOptions)
    hyper: tuple[tuple[str, Value], ...] = ()
    repetitions: int = 3
    part: Part = "test"
    tasks: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UserError(f"seed {self.seed} is negative; seeds are 0, 1, 2, ...")
        if self.repetitions < 1:
            raise UserError(f"--repetitions {self.repetitions}: at least one evaluation is needed")
        if self.tasks < 0:
            raise UserError(f"--tasks {self.tasks}: give how many of the stream's are learned, or 0 for all")


def settings_text(spec: RunSpec) -> str:
    """Return what all runs of a results folder share, as ``recipe=standard encoders=dataset ...``.

    It is all that a run is asked for, but for what tells the runs of a folder apart (baseline, model, seed, order),
    what the files say elsewhere (stream, scenario, hyper-parameters), and how it is computed (kernel, device).
    """
    said = {"stream", "scenario", "model", "baseline", "seed", "order", "options", "hyper", "kernel", "device"}
    asked = {"recipe": spec.recipe, **asdict(spec.options), **asdict(spec)}
    return " ".join(f"{name}={value}" for name, value in asked.items() if name not in said)


def hyper_text(spec: RunSpec) -> str:
    """Return the hyper-parameters that were changed, as ``ewc_lambda=100.0 fisher_samples=50``; empty for none."""
    return " ".join(f"{name}={value}" for name, value in spec.hyper)


def run_hash(
    spec: RunSpec,
    data: Mapping[str, str],
    baseline_hash: str,
    versions: Mapping[str, str],
    named: Mapping[str, Any],
) -> str:
    """Return 12 hex digits that change whenever anything that determines the run does.

    Args:
        spec: the run.
        data: SHA-256 of the prepared tensors by data set.
        baseline_hash: SHA-256 of the baseline's file.
        versions: of the packages that compute.
        named: what the specification refers to by name, such as the model's and the recipe's numbers.
    """
    specified = asdict(spec)
    options = specified["options"].items()
    specified["options"] = {name: value for name, value in options if _ADDED_OPTIONS.get(name) != value}
    determined: dict[str, Any] = {
        "spec_version": SPEC_VERSION,
        "spec": specified,
        "data": dict(data),
        "baseline_sha256": baseline_hash,
        "versions": dict(versions),
        "named": dict(named),
    }
    return hashlib.sha256(json.dumps(determined, sort_keys=True).encode()).hexdigest()[:12]
