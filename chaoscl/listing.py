"""What there is to choose from, a line each: streams, models, baselines, ...; and all facts of one of them."""

import sys
from dataclasses import asdict
from typing import Any

from chaoscl.data import DATASETS, Dataset
from chaoscl.errors import unknown
from chaoscl.models import ENCODERS, MODELS, TRUNKS, Encoder, Model, Trunk
from chaoscl.registry import REGISTRIES, Origin
from chaoscl.runs.baseline import BASELINES, Baseline
from chaoscl.runs.recipes import RECIPES
from chaoscl.streams import SCENARIOS, STREAMS, Stream, Task

_SCENARIO_LINES = {
    "task": "the model is told the task at test time",
    "domain": "it is told which question is asked, not which task it comes from; tasks share heads",
    "class": "it is told nothing, and answers among all classes of the stream",
}


def listing() -> dict[str, dict[str, str]]:
    """Return, by kind of thing, a line for each name; a part from outside the package says from where."""
    return {
        "streams": {
            stream.name: f"{stream.summary} ({len(stream.tasks)} tasks, v{stream.version})" + _from(stream)
            for stream in STREAMS.values()
        },
        "scenarios": {name: _SCENARIO_LINES[name] for name in SCENARIOS},
        "models": {model.name: model.summary + _from(model) for model in MODELS.values()},
        "trunks": {trunk.name: trunk.summary + _from(trunk) for trunk in TRUNKS.values()},
        "encoders": {one.name: f"{one.summary} ({one.modality})" + _from(one) for one in ENCODERS.values()},
        "baselines": {one.name: one.described + _from(one) for one in BASELINES.values()},
        "recipes": {recipe.name: recipe.summary + _from(recipe) for recipe in RECIPES.values()},
        "data sets": {
            one.name: f"{one.card.kind} ({one.card.modality}, {len(one.card.classes)} classes)" + _from(one)
            for one in DATASETS.values()
        },
    }


def _from(part: Any) -> str:
    """Return where a part comes from, if that is not this package."""
    return "" if part.origin.place == Origin().place else f" [{part.origin.place}]"


def print_list() -> int:
    """Print the listing, one line a name; return exit status 0."""
    for kind, lines in listing().items():
        width = max(map(len, lines))
        sys.stdout.write(f"{kind}\n" + "".join(f"  {name:{width}}  {line}\n" for name, line in lines.items()) + "\n")
    return 0


def details(name: str) -> dict[str, dict[str, Any]]:
    """Return all that is known of a name, by the kind of thing that it is; a name may be of several kinds.

    Raises:
        UserError: nothing has that name.
    """
    described: dict[str, Any] = {
        "stream": _stream,
        "model": _model,
        "trunk": _part,
        "encoder": _part,
        "baseline": _baseline,
        "data set": _dataset,
    }
    found = {kind: describe(REGISTRIES[kind][name]) for kind, describe in described.items() if name in REGISTRIES[kind]}
    if not found:
        known = [one for kind in described for one in REGISTRIES[kind]]
        raise unknown("stream, model, trunk, encoder, baseline or data set", name, known)
    return found


def _stream(stream: Stream) -> dict[str, Any]:
    tasks = {task.name: _task_line(task) for task in stream.tasks}
    return {"summary": stream.summary, "version": stream.version, "tasks": tasks, **_origin(stream)}


def _task_line(task: Task) -> str:
    part = "all" if not task.classes else f"{len(task.classes)} of"
    seen = ", pixels permuted" if task.permuted else ""
    return f"{task.dataset} ({task.modality}, {part} {len(task.card.classes)} classes{seen}): {task.card.kind}"


def _model(model: Model) -> dict[str, Any]:
    return {"summary": model.summary, **model.facts, **_origin(model)}


def _part(part: Trunk | Encoder) -> dict[str, Any]:
    told = {"summary": part.summary, "source": part.source}
    return {**told, "hyper_parameters": _hyper(part.hyper), **_origin(part)}


def _baseline(baseline: Baseline) -> dict[str, Any]:
    fields = ("summary", "note", "source", "schedule", "stores", "task_labels", "cost")
    told = {field: getattr(baseline, field) for field in fields}
    return {**told, "hyper_parameters": _hyper(baseline.hyper), **_origin(baseline)}


def _dataset(dataset: Dataset) -> dict[str, Any]:
    return {**asdict(dataset.card), "training": asdict(dataset.schedule), **_origin(dataset)}


def _hyper(parameters: Any) -> dict[str, Any]:
    return {name: {"value": one.value, "source": one.source} for name, one in parameters.items()}


def _origin(part: Any) -> dict[str, Any]:
    return {"origin": part.origin.place, **({"sha256": part.origin.sha256} if part.origin.sha256 else {})}
