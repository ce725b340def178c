"""What there is to choose from: streams, scenarios, models, baselines, recipes and data sets, a line each."""

import sys
from pathlib import Path

from chaoscl.data import CARDS
from chaoscl.models import ZOO
from chaoscl.runs.baseline import FOLDER, find_baselines, load_baseline
from chaoscl.runs.recipes import RECIPES
from chaoscl.streams import SCENARIOS, STREAMS

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
        "baselines": {name: load_baseline(name, baselines).summary for name in find_baselines(baselines)},
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
