"""What is measured: generated data, the zoo's networks, and strategies built as a run builds them.

The measurements call the package through this module wherever they need names of its catalogues or a whole run.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from chaoscl.config import build_spec
from chaoscl.data import Bank, Dataset, Source, prepare
from chaoscl.models import MODELS, find_model
from chaoscl.models.encoder import sizes_of
from chaoscl.models.network import CrossModalNetwork
from chaoscl.runs.baseline import BASELINES, Setup
from chaoscl.runs.execute import execute
from chaoscl.runs.networks import build_network
from chaoscl.runs.optimiser import RecipeAdamW
from chaoscl.runs.progress import silent
from chaoscl.runs.recipes import Settings
from chaoscl.runs.retention import RetentionPlugin
from chaoscl.runs.training import CurvePlugin, SchedulePlugin
from chaoscl.streams import Scenario, Stream, TaskData, find_stream, layout, materialise, views
from chaoscl.streams.experiences import to_avalanche

SEED = 0


@dataclass(frozen=True)
class CoreModel:
    """The numbers of a model with a cortex of one layer."""

    name: str
    embedding: int
    hidden: int
    ticks: int
    fail_prob: float
    channels: tuple[int, ...]


def chaos_models() -> list[CoreModel]:
    """Return the named models that have a cortex."""
    found = []
    for model in MODELS.values():
        if model.trunk.name == "cortex":
            core, image = model.values_of(model.trunk), model.values_of(model.image)
            channels = sizes_of("channels", str(image["channels"]))
            ticks, fail_prob = int(core["ticks"]), float(core["fail_prob"])
            found.append(CoreModel(model.name, model.embedding, model.hidden[0], ticks, fail_prob, channels))
    return found


def generated_bank(*datasets: Dataset) -> Bank:
    """Return a bank of generated data sets, prepared in the user's cache."""
    return Bank([prepare(dataset, Source("embedded")) for dataset in datasets])


def stream_bank(stream: str) -> Bank:
    """Return a bank of generated data for a named stream."""
    return generated_bank(*find_stream(stream).data.values())


def run_peak(stream: str, model: str, baseline: str) -> int:
    """Return the most bytes that this process holds in a run on generated data, with as few epochs as a recipe has."""
    spec = build_spec(stream, "task", model, baseline, SEED, "short", repetitions=1)
    return execute(spec, stream_bank(stream)).cost.peak_memory_bytes


@dataclass(frozen=True)
class Workload:
    """The tasks of a stream, their samples, and the model of the zoo that learns them."""

    bank: Bank
    stream: Stream
    scenario: Scenario
    tasks: Sequence[TaskData]
    model: str

    def network(self) -> CrossModalNetwork:
        """Return a new network, always with the same weights."""
        network = build_network(find_model(self.model), self.bank, layout(self.stream, self.scenario), SEED)
        network.noise.seed(SEED)
        return network


def workload(stream: Stream, scenario: Scenario, model: str, bank: Bank | None = None) -> Workload:
    """Return a stream over a bank, or over generated data."""
    bank = bank or generated_bank(*stream.data.values()).with_views(views(stream, SEED))
    return Workload(bank, stream, scenario, materialise(stream, scenario, bank, SEED), model)


@dataclass(frozen=True)
class StrategyUnderTest:
    """A strategy of Avalanche, what it learns and what it trains."""

    workload: Workload
    experiences: Sequence[Any]
    strategy: Any
    network: CrossModalNetwork
    optimizer: RecipeAdamW
    curves: CurvePlugin  # takes part only if the strategy was built with it

    def learn(self, number: int) -> float:
        """Learn a task, counted from 0, as a run does; return the seconds of training."""
        self._announce(number)
        start = time.perf_counter()
        self.strategy.train(self.experiences[number], eval_streams=[])
        return time.perf_counter() - start

    def begin(self, number: int, epochs: int) -> None:
        """Go to where the first of so many epochs of a task begins, as a strategy's ``train`` does."""
        self._announce(number)
        strategy = self.strategy
        strategy.train_epochs, strategy.is_training, strategy.experience = epochs, True, self.experiences[number]
        strategy.model.train()
        strategy._before_training_exp()

    def train_epoch(self) -> None:
        """Train for one epoch, as a strategy's ``train`` does."""
        self.strategy._before_training_epoch()
        self.strategy.training_epoch()
        self.strategy._after_training_epoch()

    def _announce(self, number: int) -> None:
        data = self.workload.tasks[number]
        self.curves.begin(number, data.task.name, [data])


def strategy_under_test(
    work: Workload, baseline: str, settings: Settings, plugins: Sequence[str] = ()
) -> StrategyUnderTest:
    """Return a strategy as a run builds it, and seed the order of its batches.

    Beside the schedule those of our plugins take part that are named: ``curves``, ``retention``.
    """
    network = work.network()
    optimizer = RecipeAdamW(network.parameters())
    schedule = SchedulePlugin(optimizer)
    schedule.settings = settings
    curves = CurvePlugin(SEED, silent)
    ours = {"curves": curves, "retention": RetentionPlugin(work.tasks, SEED, repetitions=1)}
    setup = Setup(
        model=network,
        optimizer=optimizer,
        batch=settings.batch,
        epochs=settings.epochs,
        device="cpu",
        plugins=[schedule, *(ours[name] for name in plugins)],
    )
    chosen = BASELINES[baseline]
    strategy = chosen.build(setup, **chosen.values())
    torch.manual_seed(SEED)
    return StrategyUnderTest(work, to_avalanche(work.tasks).train_stream, strategy, network, optimizer, curves)
