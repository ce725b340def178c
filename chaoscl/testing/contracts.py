"""What each kind of part must do, as checks for anyone's parts: ``chaoscl test PATH`` runs them.

A check returns a line for each fault that it finds, and none for a part that keeps the contract.
"""

import copy
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from chaoscl.data import DATASETS, Bank, Dataset
from chaoscl.data.raw import RawSplit, check_split
from chaoscl.errors import UserError
from chaoscl.evaluation.metrics import Metric
from chaoscl.models import MODELS, Encoder, EncoderSetup, Model, Trunk, TrunkSetup
from chaoscl.reports.figure_kind import FigureKind
from chaoscl.runs.baseline import BASELINES, Baseline
from chaoscl.runs.recipes import Recipe, find_recipe
from chaoscl.runs.spec import RunSpec
from chaoscl.streams import Scenario, Stream, find_stream
from chaoscl.testing.tiny import tiny_bank

Faults = Iterator[str]
_TEXT, _IMAGE, _OTHER = "ag_news", "mnist", "fashion_mnist"
_SHAPES = {"text": (12,), "image": (3, 32, 32)}
_VOCABULARY, _SIZE, _ROWS = 20, 6, 8


def check(kind: str, part: Any) -> list[str]:
    """Return a line for each fault of a part; what it raises is one of them."""
    try:
        return list(CONTRACTS[kind](part))
    except UserError as error:
        return [str(error)]
    # A part is foreign code: whatever it raises is a fault of it.
    except Exception as error:
        return [f"{type(error).__name__}: {' '.join(str(error).split()) or 'no message'}"]


def check_baseline(baseline: Baseline) -> Faults:
    """Train on text and images in every scenario: a whole matrix, the same bytes twice, memory within its budget."""
    scenarios: tuple[tuple[Scenario, str], ...] = (("task", _TEXT), ("domain", _OTHER), ("class", _TEXT))
    for scenario, second in scenarios:
        stream = find_stream(f"{second},{_IMAGE}")
        with TemporaryDirectory() as folder:
            bank = tiny_bank(Path(folder), [data.card for data in stream.data.values()])
            matrices = [_trained(baseline, scenario, stream, bank) for _ in range(2)]
        last = matrices[0].mean[-1]
        if not np.isfinite(last).all() or (last < 0).any() or (last > 1).any():
            yield f"{scenario}: the last row of the retention matrix is {last}, not accuracies"
        if matrices[0] != matrices[1]:
            yield f"{scenario}: two runs with one seed differ; draw from torch's, numpy's or random's global generator"


def _trained(baseline: Baseline, scenario: Scenario, stream: Stream, bank: Bank) -> Any:
    """Return the retention matrix of a short run."""
    from chaoscl.runs.execute import execute

    recipe = find_recipe("standard:epochs=2,batch=16")
    budgets = {name: _small(one.value) for name, one in baseline.hyper.items() if "memory" in name or "samples" in name}
    hyper = tuple(sorted(baseline.values(budgets).items()))
    spec = RunSpec(
        stream,
        scenario,
        MODELS["chaos256"],
        baseline,
        0,
        recipe,
        hyper=hyper,
        repetitions=1,
    )
    return execute(spec, bank).matrix


def _small(value: Any) -> Any:
    """Return a budget that tiny data can fill."""
    return min(value, 40) if isinstance(value, int) else value


def check_dataset(dataset: Dataset) -> Faults:
    """Read or generate both splits: rows of the card's shape, and every class among the training rows."""
    sources: dict[str, Callable[[str], RawSplit]] = {}
    with TemporaryDirectory() as folder:
        if dataset.read is not None and dataset.source:
            read = dataset.read
            sources["read"] = lambda split: read(split, Path(folder))
        if dataset.generate is not None:
            sources["generate"] = dataset.generate
        if not sources and dataset.read is None:
            yield "it has neither read nor generate: its rows must lie in --data-dir"
        for name, rows in sources.items():
            for split in ("train", "test"):
                raw = check_split(dataset.card, split, rows(split), f"{name}('{split}')")
                missing = len(dataset.card.classes) - len(np.unique(raw.labels))
                if missing and split == "train":
                    yield f"{name}('{split}') has no row of {missing} of {len(dataset.card.classes)} classes"
                again = rows(split)
                same = raw.inputs == again.inputs if isinstance(raw.inputs, list) else None
                if not (np.array_equal(raw.inputs, again.inputs) if same is None else same):
                    yield f"{name}('{split}') returns other rows when it is called again"


def check_stream(stream: Stream) -> Faults:
    """Order the tasks in every way that commands know."""
    for order in ("reversed", "shuffle", "-".join(map(str, range(len(stream.tasks), 0, -1)))):
        if sorted(task.name for task in stream.ordered(order).tasks) != sorted(task.name for task in stream.tasks):
            yield f"--order {order} does not keep its tasks"
    if not stream.summary:
        yield "its summary is empty; lists show it"


def check_model(model: Model) -> Faults:
    """Train a step of naive fine-tuning on a text and an image task."""
    stream = find_stream(f"{_TEXT},{_IMAGE}")
    with TemporaryDirectory() as folder:
        bank = tiny_bank(Path(folder), [data.card for data in stream.data.values()])
        spec = RunSpec(
            stream, "task", model, BASELINES["naive"], 0, find_recipe("standard:epochs=1,batch=16"), repetitions=1
        )
        from chaoscl.runs.execute import execute

        mean = execute(spec, bank).matrix.mean
    if not np.isfinite(mean).all():
        yield f"its accuracies are not finite: {mean}"


def check_trunk(trunk: Trunk) -> Faults:
    """Map embeddings to features of the width it says, learn, and draw from the noise that it is given."""
    import torch

    from chaoscl.models.network import untrained_parameters
    from chaoscl.models.noise import Noise

    for hidden in ((5,), (7, 5)):
        noise = Noise()
        noise.seed(0)
        module = trunk.build(TrunkSetup(_SIZE, hidden, noise), **_defaults(trunk))
        width = trunk.width(_SIZE, hidden)
        embedding = torch.randn(_ROWS, _SIZE, requires_grad=True)
        features = module(embedding)
        if tuple(features.shape) != (_ROWS, width):
            yield f"features have shape {tuple(features.shape)} for hidden={hidden}, not ({_ROWS}, {width})"
            continue
        yield from _not_finite("features", features)
        features.square().sum().backward()
        if embedding.grad is None or not bool(embedding.grad.abs().sum() > 0):
            yield f"no gradient reaches the embedding for hidden={hidden}"
        idle = {name for name, parameter in module.named_parameters() if parameter.grad is None}
        if idle != set(untrained_parameters(module)):
            yield f"parameters without a gradient are {sorted(idle)}; untrained_parameters() must say so"
        before = torch.get_rng_state()
        found = []
        for _ in range(2):
            noise.seed(1)
            found.append(module(embedding.detach()))
        if not torch.equal(*found) or not torch.equal(before, torch.get_rng_state()):
            yield "it draws from torch's global generator; draw from setup.noise.generator"
        if tuple(module(torch.zeros(0, _SIZE)).shape) != (0, width):
            yield "no rows must give no features, (0, width)"
        copy.deepcopy(module)


def check_encoder(encoder: Encoder) -> Faults:
    """Map samples of its modality to embeddings of the size it is given, and learn."""
    import torch

    module = encoder.build(EncoderSetup(_SHAPES[encoder.modality], _VOCABULARY, _SIZE), **_defaults(encoder))
    if encoder.modality == "text":
        samples = torch.randint(0, _VOCABULARY, (_ROWS, *_SHAPES["text"]), dtype=torch.int32)
        samples[0] = 0
    else:
        samples = torch.rand(_ROWS, *_SHAPES["image"])
    embeddings = module(samples)
    if tuple(embeddings.shape) != (_ROWS, _SIZE):
        yield f"embeddings have shape {tuple(embeddings.shape)}, not ({_ROWS}, {_SIZE})"
        return
    yield from _not_finite("embeddings", embeddings)
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if trained:
        embeddings.square().sum().backward()
        if all(parameter.grad is None for parameter in trained):
            yield "no gradient reaches any of its parameters"


def _not_finite(what: str, tensor: Any) -> Faults:
    if not bool(tensor.isfinite().all()):
        yield f"{what} are not finite"


def _defaults(part: Trunk | Encoder) -> dict[str, Any]:
    return {name: parameter.value for name, parameter in part.hyper.items()}


def check_recipe(recipe: Recipe) -> Faults:
    """Give settings for a text and an image data set: at least one epoch, a rate above 0."""
    for name in (_TEXT, _IMAGE):
        settings = recipe.settings(DATASETS[name], 1000)
        if settings.epochs < 1 or settings.batch < 1 or not 0 < settings.max_lr < math.inf:
            yield f"{name}: epochs, batch and max_lr must be above 0, not {settings}"
    if not recipe.summary:
        yield "its summary is empty; lists show it"


def check_metric(metric: Metric) -> Faults:
    """Compute numbers within the bounds from random matrices, and leave the matrix as it was."""
    draws = np.random.default_rng(0)
    low, high = metric.bounds
    for tasks in (1, 2, 4):
        matrix = draws.uniform(0, 1, (tasks + 1, tasks))
        kept = matrix.copy()
        value = metric.compute(matrix, matrix[-1], (["text", "image"] * tasks)[:tasks], list(range(tasks)))
        if not isinstance(value, float):
            yield f"it returns {type(value).__name__}, not float"
        elif not math.isnan(value) and not low <= value <= high:
            yield f"{value:g} for {tasks} tasks lies outside its bounds, {low:g} to {high:g}"
        if not np.array_equal(matrix, kept):
            yield "it changes the matrix that it is given"


def check_figure(figure: FigureKind) -> Faults:
    """Draw results of two baselines and two seeds, or say why they cannot be drawn."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    from chaoscl.api import run
    from chaoscl.reports.figures.style import NotDrawnError
    from chaoscl.reports.results import read_results

    with TemporaryDirectory() as folder:
        run("addition", "mlp256", ["naive", "joint"], 2, recipe="quick:epochs=1", out=f"{folder}/o", data="embedded")
        try:
            drawn = figure.draw(read_results(Path(folder) / "o"))
        except NotDrawnError:
            return
    if not isinstance(drawn, Figure):
        yield f"draw returns {type(drawn).__name__}, not matplotlib's Figure"


CONTRACTS: dict[str, Callable[[Any], Faults]] = {
    "baseline": check_baseline,
    "data set": check_dataset,
    "stream": check_stream,
    "recipe": check_recipe,
    "model": check_model,
    "trunk": check_trunk,
    "encoder": check_encoder,
    "metric": check_metric,
    "figure": check_figure,
}
"""The check of each kind of part, by the name of its registry."""
