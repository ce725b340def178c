"""What a sweep is asked for, and its runs: the one place where names become objects."""

import hashlib
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from chaoscl.cli import BASELINES, listed
from chaoscl.data import Dataset, Source, choose_source
from chaoscl.data.lookup import find_dataset
from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.tuning import CHOSEN
from chaoscl.hyper import Value
from chaoscl.models import Model, find_model, model_list
from chaoscl.registry import include
from chaoscl.runs.baseline import BASELINES as ALL_BASELINES
from chaoscl.runs.baseline import Baseline, find_baseline
from chaoscl.runs.recipes import Recipe, find_recipe
from chaoscl.runs.spec import RunSpec
from chaoscl.streams import GIVEN, REVERSED, Stream, check_scenario, find_stream

EVERY = "all"
"""In the place of an order or of baselines: every one there is."""
KERNEL_AUTO = "auto"
_PRECISIONS = ("float32", "bfloat16")
_DEVICES = ("auto", "cpu", "cuda")
_NOT_IN_FOLDER_NAME = {
    "stream", "model", "hyper",  # named there in another form
    "baselines", "seeds", "include",  # runs that share a folder and its tables
    "kernel", "device",  # the same model, computed another way
    "data", "data_dir",  # generated data has a folder of its own, and two real sources are refused one folder
}  # fmt: skip
"""Options that do not name the default results folder; a new option does until it is listed here."""


@dataclass(frozen=True)
class RunConfig:
    """What decides the numbers of a sweep; the fields are options of ``chaoscl run``, see its ``--help``.

    Streams, models, baselines and the recipe are names, or objects.
    """

    stream: str | Stream = "text-image"
    model: tuple[str | Model, ...] = ("chaos2k",)
    baselines: tuple[str | Baseline, ...] = listed(BASELINES)
    seeds: int = 3
    scenario: str = "task"
    recipe: str | Recipe = "standard"
    order: str = GIVEN
    hyper: tuple[str, ...] = ()
    train_rows: int = 0
    kernel: str = KERNEL_AUTO
    precision: str = "float32"
    repetitions: int = 3
    data: str | None = None
    data_dir: str | None = None
    device: str = "auto"
    include: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sweep:
    """A configuration with its names resolved.

    Attributes:
        config: as it was given.
        stream: what is learned.
        models: asked for.
        baselines: compared.
        recipe: how tasks are trained.
        source: of the data.
        specs: the runs; those of one seed and order stand together.
    """

    config: RunConfig
    stream: Stream
    models: tuple[Model, ...]
    baselines: tuple[Baseline, ...]
    recipe: Recipe
    source: Source
    specs: list[RunSpec] = field(default_factory=list)

    @property
    def command(self) -> str:
        """The command that makes the same results again; where its mirror lies is left to the reader."""
        config = self.config
        models = ",".join(model.name for model in self.models)
        words = ["chaoscl", "run", "--stream", _name(config.stream), "--model", models, "--seeds", str(config.seeds)]
        silent = {"stream", "model", "seeds", "data", "data_dir"}
        if not any(model.has_fused() for model in self.models):
            silent.add("kernel")
        for one in fields(config):
            value = getattr(config, one.name)
            if one.name in silent or value == one.default:
                continue
            option = "--" + one.name.replace("_", "-")
            if one.name == "include":
                words += [word for place in value for word in (option, place)]
            else:
                words += [option, ",".join(map(_name, value)) if isinstance(value, tuple) else _name(value)]
        if self.source.kind == "embedded":
            words += ["--data", "embedded"]
        return shlex.join(words)

    def default_out(self, kind: str) -> Path:
        """Return the results folder: named by what is not at its default, results on synthetic data apart.

        Args:
            kind: word for the data of the sweep.
        """
        config = self.config
        parts = [self.stream.name, "+".join(_plain(model.name) for model in self.models)]
        for one in fields(config):
            value = getattr(config, one.name)
            if one.name not in _NOT_IN_FOLDER_NAME and value != one.default:
                parts.append(f"{one.name.replace('_', '-')}-{_plain(_name(value))}")
        if config.hyper:
            parts.append("hyper-" + hashlib.sha256(" ".join(sorted(config.hyper)).encode()).hexdigest()[:8])
        root = Path("results")
        return (root / "embedded" if kind == "embedded" else root) / "-".join(parts)


def build_sweep(config: RunConfig) -> Sweep:
    """Resolve every name of a configuration and return its runs.

    Raises:
        UserError: an option is wrong; nothing has been written.
    """
    include(config.include)
    source = choose_source(config.data, config.data_dir)
    scenario = check_scenario(config.scenario)
    stream = config.stream if isinstance(config.stream, Stream) else find_stream(config.stream, dataset_lookup(source))
    orders = _orders(stream, config.order)
    models = tuple(_resolved("--model", config.model, find_model))
    recipe = config.recipe if isinstance(config.recipe, Recipe) else find_recipe(config.recipe)
    for option, value, allowed in (
        ("--device", config.device, _DEVICES),
        ("--precision", config.precision, _PRECISIONS),
    ):
        if value not in allowed:
            raise UserError(f"unknown {option} '{value}'; there are: {', '.join(allowed)}")
    device = _device(config.device)
    kernels = {model.name: _kernel(config.kernel, model, device) for model in models}
    if config.seeds < 1:
        raise UserError(f"--seeds {config.seeds}: at least one seed is needed")
    baselines = tuple(_resolved("--baselines", config.baselines, find_baseline))
    hyper = _hyper(config.hyper, baselines)
    sweep = Sweep(config, stream, models, baselines, recipe, source)
    runs: set[tuple[str, str, int, str]] = set()
    for seed in range(config.seeds):
        for order in orders:
            for model in models:
                for baseline in baselines:
                    spec = RunSpec(
                        stream=stream,
                        scenario=scenario,
                        model=model,
                        baseline=baseline,
                        seed=seed,
                        recipe=recipe,
                        order=order,
                        kernel=kernels[model.name],
                        precision=config.precision,
                        hyper=hyper[baseline.name],
                        repetitions=config.repetitions,
                        train_rows=config.train_rows,
                        device=device,
                    )
                    key = (baseline.name, spec.trained.name, seed, order)
                    if key not in runs:
                        # The control of two models can be one model, which is trained once.
                        runs.add(key)
                        sweep.specs.append(spec)
    return sweep


def build_spec(
    stream: str | Stream,
    scenario: str,
    model: str | Model,
    baseline: str | Baseline,
    seed: int,
    recipe: str | Recipe = "standard",
    **options: Any,
) -> RunSpec:
    """Return one run; its parts are given by name or as objects.

    Args:
        stream: what is learned.
        scenario: ``task``, ``domain`` or ``class``.
        model: that is asked for.
        baseline: the strategy.
        seed: of the run.
        recipe: how tasks are trained.
        options: further fields of RunSpec.

    Raises:
        UserError: a name is not known.
    """
    return RunSpec(
        stream=find_stream(stream) if isinstance(stream, str) else stream,
        scenario=check_scenario(scenario),
        model=find_model(model) if isinstance(model, str) else model,
        baseline=find_baseline(baseline) if isinstance(baseline, str) else baseline,
        seed=seed,
        recipe=find_recipe(recipe) if isinstance(recipe, str) else recipe,
        **options,
    )


def dataset_lookup(source: Source) -> Callable[[str], Dataset]:
    """Return what finds data sets by name: registered ones, those of a mirror folder, and files by their kind."""
    return lambda text: find_dataset(text, source.folder)


def order_of(order: str, reverse: bool) -> str:
    """Return the order that ``--order`` and ``--reverse`` ask for.

    Raises:
        UserError: they ask for two.
    """
    if reverse and order not in (GIVEN, REVERSED):
        raise UserError(f"--reverse and --order {order} contradict each other; give one of them")
    return REVERSED if reverse else order


def baseline_names(text: str) -> tuple[str, ...]:
    """Return the baselines that ``text`` names, separated by commas; ``all`` stands for every one there is."""
    if text.strip() == EVERY:
        # The first is what the others are compared with.
        return tuple(sorted(ALL_BASELINES, key=lambda name: name != "naive"))
    return listed(text)


def model_names(text: str) -> tuple[str, ...]:
    """Return the models that ``text`` names; see chaoscl.models.model_list."""
    return model_list(text)


def changed_values(text: str, tuned: str | None, baselines: Sequence[str]) -> tuple[str, ...]:
    """Return the entries ``baseline.name=value`` of ``text``, after those that a search chose for these baselines.

    Args:
        text: entries separated by commas.
        tuned: a chosen.csv of ``chaoscl tune``, or None.
        baselines: that will run.

    Raises:
        UserError: the file is not there or is not a chosen.csv.
    """
    chosen: list[str] = []
    if tuned is not None:
        try:
            held = schema.read_csv(CHOSEN, Path(tuned))
        except (OSError, ValueError) as error:
            raise UserError(f"--tuned {tuned}: give a chosen.csv of chaoscl tune ({error})") from error
        lines = held[held["baseline"].isin(baselines)]
        chosen = [entry for values in lines["values"] for entry in listed(values)]
    return (*chosen, *listed(text))


def _resolved(option: str, given: Sequence[Any], find: Callable[[str], Any]) -> list[Any]:
    """Return the objects of a list of names and objects, after checking that each is there once.

    Raises:
        UserError: the list is empty, a name is not known, or one is given twice.
    """
    if not given:
        raise UserError(f"{option} is empty; name at least one, such as {'naive' if 'base' in option else 'chaos2k'}")
    found = [find(one) if isinstance(one, str) else one for one in given]
    names = [one.name for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"{option} names {', '.join(twice)} more than once")
    return found


def _orders(stream: Stream, order: str) -> tuple[str, ...]:
    """Return the orders of the tasks that are run, after checking that they exist."""
    if order == EVERY:
        return stream.orders()
    stream.ordered(order)
    return (order,)


def _hyper(entries: Sequence[str], baselines: Sequence[Baseline]) -> dict[str, tuple[tuple[str, Value], ...]]:
    """Return the changed hyper-parameters of each baseline, after checking that they exist."""
    changed: dict[str, dict[str, Value]] = {baseline.name: {} for baseline in baselines}
    for entry in entries:
        match = re.fullmatch(r"([\w-]+)\.(\w+)=(.+)", entry)
        if match is None:
            raise UserError(f"--hyper '{entry}': write baseline.name=value, such as ewc.ewc_lambda=100")
        baseline, name, value = match.groups()
        if baseline not in changed:
            raise UserError(f"--hyper '{entry}': {baseline} is not among --baselines {','.join(changed)}")
        changed[baseline][name] = value
    made = {}
    for one in baselines:
        try:
            typed = one.values(changed[one.name])
        except UserError as error:
            raise UserError(f"baseline '{one.name}': {error}") from error
        made[one.name] = tuple((name, typed[name]) for name in sorted(changed[one.name]))
    return made


def _kernel(kernel: str, model: Model, device: str) -> str:
    """Return the kernel that ``auto`` stands for here."""
    from chaoscl.models.kernel import resolve_kernel

    return resolve_kernel(kernel, model, device)


def _device(name: str) -> str:
    """Return ``cpu`` or ``cuda``. ``auto`` is the CPU, on which all published results were made."""
    if name == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise UserError("--device cuda: no CUDA device is there; use --device cpu")
    return "cpu" if name == "auto" else name


def _name(value: Any) -> str:
    return str(getattr(value, "name", value))


def _plain(text: str) -> str:
    """Return a text as it can stand in a folder's name."""
    return re.sub("[^A-Za-z0-9.+_-]+", "-", text)
