"""What there is to choose from: streams, scenarios, models, baselines, recipes and data sets, a line each."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chaoscl.data import CARDS
from chaoscl.errors import unknown
from chaoscl.models import ZOO
from chaoscl.runs.baseline import FOLDER, find_baselines, load_baseline
from chaoscl.runs.recipes import RECIPES
from chaoscl.streams import SCENARIOS, STREAMS, Task

_SCENARIO_LINES = {
    "task": "the model is told the task at test time",
    "domain": "it is told which question is asked, not which task it comes from; tasks share heads",
    "class": "it is told nothing, and answers among all classes of the stream",
}


def listing(baselines: Path = FOLDER) -> dict[str, dict[str, str]]:
    """Return, by kind of thing, a line for each name.

    Raises:
        UserError: the folder holds no baselines, or one that cannot be loaded.
    """
    return {
        "streams": {
            stream.name: f"{stream.summary} ({len(stream.tasks)} tasks, v{stream.version})"
            for stream in STREAMS.values()
        },
        "scenarios": {name: _SCENARIO_LINES[name] for name in SCENARIOS},
        "models": {model.name: model.summary for model in ZOO.values()},
        "baselines": {name: load_baseline(name, baselines).described for name in find_baselines(baselines)},
        "recipes": {recipe.name: recipe.summary for recipe in RECIPES.values()},
        "data sets": {
            card.name: f"{card.kind} ({card.modality}, {len(card.classes)} classes)" for card in CARDS.values()
        },
    }


def print_list(baselines: str | None = None) -> int:
    """Print the listing, one line a name; return exit status 0."""
    for kind, lines in listing(Path(baselines) if baselines else FOLDER).items():
        width = max(map(len, lines))
        sys.stdout.write(f"{kind}\n" + "".join(f"  {name:{width}}  {line}\n" for name, line in lines.items()) + "\n")
    return 0


def details(name: str, baselines: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Return all that is known of a name, by the kind of thing that it is; a name may be of several kinds.

    Raises:
        UserError: nothing has that name, or the folder holds no baselines.
    """
    found: dict[str, dict[str, Any]] = {}
    if name in STREAMS:
        stream = STREAMS[name]
        tasks = {task.name: _task_line(task) for task in stream.tasks}
        found["stream"] = {"summary": stream.summary, "version": stream.version, "tasks": tasks}
    if name in ZOO:
        found["model"] = asdict(ZOO[name])
    names = find_baselines(baselines)
    if name in names:
        found["baseline"] = _baseline(name, baselines)
    if name in CARDS:
        found["data set"] = asdict(CARDS[name])
    if not found:
        raise unknown("stream, model, baseline or data set", name, [*STREAMS, *ZOO, *names, *CARDS])
    return found


def _task_line(task: Task) -> str:
    card = CARDS[task.dataset]
    part = "all" if not task.classes else f"{len(task.classes)} of"
    seen = ", pixels permuted" if task.permuted else ""
    return f"{task.dataset} ({task.modality}, {part} {len(card.classes)} classes{seen}): {card.kind}"


def _baseline(name: str, folder: Path) -> dict[str, Any]:
    baseline = load_baseline(name, folder)
    fields = ("summary", "note", "source", "schedule", "stores", "task_labels", "cost")
    told = {field: getattr(baseline, field) for field in fields}
    hyper = {key: {"value": hyper.value, "source": hyper.source} for key, hyper in baseline.hyper.items()}
    return {**told, "hyper_parameters": hyper}
