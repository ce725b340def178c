"""What the measurements of whole strategies share: generated data, a network, and the strategy that trains it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chaoscl.data import Bank, Source, prepare
from chaoscl.models import ModelOptions
from chaoscl.models.network import CrossModalNetwork
from chaoscl.runs.baseline import Setup, load_baseline
from chaoscl.runs.networks import build_network
from chaoscl.runs.optimiser import RecipeAdamW
from chaoscl.runs.progress import silent
from chaoscl.runs.recipes import Settings
from chaoscl.runs.retention import RetentionPlugin
from chaoscl.runs.training import CurvePlugin, SchedulePlugin
from chaoscl.streams import Scenario, Stream, TaskData, layout, materialise, views

SEED = 0


@dataclass(frozen=True)
class Ground:
    """What is learned and by which model.

    Attributes:
        bank: the samples.
        stream: the tasks.
        scenario: decides labels and heads.
        tasks: the samples of each task.
        model: a name of the zoo.
    """

    bank: Bank
    stream: Stream
    scenario: Scenario
    tasks: tuple[TaskData, ...]
    model: str

    def network(self) -> CrossModalNetwork:
        """Return a new network, always with the same weights."""
        network = build_network(self.model, ModelOptions(), self.bank, layout(self.stream, self.scenario), SEED)
        network.noise.seed(SEED)
        return network


@dataclass(frozen=True)
class Rig:
    """A strategy and what it trains.

    Attributes:
        strategy: of Avalanche.
        network: is trained.
        optimizer: trains it.
        curves: the learning curves; they take part only if the rig was built with them.
    """

    strategy: Any
    network: CrossModalNetwork
    optimizer: RecipeAdamW
    curves: CurvePlugin


def embedded_bank(*names: str) -> Bank:
    """Return a bank of generated data sets, prepared in the user's cache."""
    return Bank([prepare(name, Source("embedded")) for name in names])


def ground(stream: Stream, scenario: Scenario, model: str) -> Ground:
    """Return generated data for a stream."""
    bank = embedded_bank(*stream.datasets).with_views(views(stream, SEED))
    return Ground(bank, stream, scenario, tuple(materialise(stream, scenario, bank, SEED)), model)


def rig(place: Ground, baseline: str, settings: Settings, plugins: Sequence[str] = ()) -> Rig:
    """Return a strategy as a run builds it.

    Args:
        place: what it learns.
        baseline: its name.
        settings: how each task is trained.
        plugins: those of ours that take part beside the schedule: ``curves``, ``retention``.
    """
    network = place.network()
    optimizer = RecipeAdamW(network.parameters())
    schedule = SchedulePlugin(optimizer)
    schedule.settings = settings
    curves = CurvePlugin(SEED, silent)
    ours = {"curves": curves, "retention": RetentionPlugin(place.tasks, SEED, repetitions=1)}
    setup = Setup(
        model=network,
        optimizer=optimizer,
        batch=settings.batch,
        epochs=settings.epochs,
        device="cpu",
        plugins=[schedule, *(ours[name] for name in plugins)],
    )
    chosen = load_baseline(baseline)
    return Rig(chosen.build(setup, **chosen.values()), network, optimizer, curves)


def start(built: Rig, experience: Any, number: int, data: TaskData, epochs: int) -> None:
    """Bring a strategy to where the first epoch of an experience begins, as its ``train`` does.

    Args:
        built: the strategy.
        experience: of Avalanche.
        number: of the experience, from 0.
        data: the task's samples.
        epochs: that will follow.
    """
    built.curves.begin(number, data.task.name, [data])
    strategy = built.strategy
    strategy.train_epochs, strategy.is_training, strategy.experience = epochs, True, experience
    strategy.model.train()
    strategy._before_training_exp()


def epoch(built: Rig) -> None:
    """Train for one epoch, as a strategy's ``train`` does."""
    built.strategy._before_training_epoch()
    built.strategy.training_epoch()
    built.strategy._after_training_epoch()
