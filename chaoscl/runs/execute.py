"""One run: build, train one experience after another, evaluate before and after each."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from chaoscl.compat import quiet_avalanche
from chaoscl.data import Bank
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.models.network import CrossModalNetwork
from chaoscl.runs.accounting import Cost, Ledger, reset_peak_memory
from chaoscl.runs.allocator import keep_freed_memory
from chaoscl.runs.baseline import Setup
from chaoscl.runs.joint import JointPlugin
from chaoscl.runs.networks import build_network
from chaoscl.runs.optimiser import RecipeAdamW
from chaoscl.runs.progress import Progress, silent
from chaoscl.runs.recipes import Settings
from chaoscl.runs.retention import RetentionPlugin
from chaoscl.runs.spec import RunSpec
from chaoscl.runs.training import CurvePlugin, SchedulePlugin
from chaoscl.seeds import derive
from chaoscl.streams import Layout, TaskData, layout, materialise, views
from chaoscl.streams.experiences import to_avalanche


@dataclass(frozen=True)
class Outcome:
    """What a run leaves.

    Attributes:
        matrix: accuracies before training and after each experience.
        curves: one row an epoch; see the schema of curves.csv.
        cost: what the run took; the names are those of costs.csv and timings.csv.
        networks: the trained networks; one, or with ``independent`` one a task.
    """

    matrix: RetentionMatrix
    curves: pd.DataFrame
    cost: Cost
    networks: tuple[CrossModalNetwork, ...]


@dataclass(frozen=True)
class _Plan:
    """What all experiences of a run share."""

    spec: RunSpec
    bank: Bank
    tasks: list[TaskData]
    layout: Layout
    settings: list[Settings]


@contextmanager
def reproducible(device: str) -> Iterator[None]:
    """Compute with one thread inside the block, so that the bytes do not depend on cores; on CUDA, without atomics.

    One thread of torch and one of the BLAS behind numpy, in which GEM's quadratic programme is put together. Afterwards
    the caller's threads, determinism and global random states are as they were.
    """
    threads = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    drawn = random.getstate(), np.random.get_state()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(strict or device == "cuda", warn_only=True)
    try:
        with threadpool_limits(1, user_api="blas"), torch.random.fork_rng(devices=_cuda_devices(device)):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict, warn_only=warn_only)
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])


def _cuda_devices(device: str) -> list[int]:
    """Return the CUDA devices whose random state a run changes."""
    return [torch.cuda.current_device()] if device == "cuda" else []


def execute(spec: RunSpec, bank: Bank, progress: Progress = silent) -> Outcome:
    """Train and evaluate one run.

    Args:
        spec: the run.
        bank: holds the stream's data sets.
        progress: told how training goes on.

    Raises:
        RunFailedError: the loss, a weight or a gradient is no longer finite.
    """
    train = {"sequential": _sequential, "joint": _joint, "independent": _independent}[spec.baseline.schedule]
    keep_freed_memory()
    reset_peak_memory()
    start = time.perf_counter()
    with reproducible(spec.device), quiet_avalanche():
        plan = _plan(spec, bank)
        ledger = Ledger(plan.bank)
        matrix, curves, networks = train(plan, ledger, progress)
    cost = ledger.cost(networks, time.perf_counter() - start)
    return Outcome(matrix, pd.DataFrame(curves.rows), cost, networks)


def _plan(spec: RunSpec, bank: Bank) -> _Plan:
    stream = spec.learned
    bank = bank.with_views(views(stream, spec.seed))
    tasks = materialise(stream, spec.scenario, bank, spec.seed, spec.train_rows)
    tasks = [spec.baseline.data(data, spec.seed) for data in tasks[: spec.tasks or None]]
    settings = [spec.recipe.settings(data.task.data, len(data.train)) for data in tasks]
    return _Plan(spec, bank, tasks, layout(stream, spec.scenario), settings)


def _network(plan: _Plan) -> CrossModalNetwork:
    spec = plan.spec
    seed = derive(spec.seed, "init")
    network = build_network(spec.trained, plan.bank, plan.layout, seed, spec.kernel, spec.precision)
    return network.to(spec.device)


def _seed(spec: RunSpec, network: CrossModalNetwork, experience: int) -> None:
    """Seed the draws of an experience: data order and replay from ``order``, the trunk from ``noise``."""
    order = derive(spec.seed, "order", experience)
    random.seed(order)
    np.random.seed(order % 2**32)
    torch.manual_seed(order)
    network.noise.seed(derive(spec.seed, "noise", experience), spec.device)


class _Training:
    """A network with its strategy and the plugins that follow it."""

    def __init__(self, plan: _Plan, ledger: Ledger, curves: CurvePlugin, extra: list[Any], settings: Settings) -> None:
        self.plan = plan
        self.ledger = ledger
        self.curves = curves
        self.network = _network(plan)
        ledger.opened(self.network)
        self.optimizer = RecipeAdamW(self.network.parameters())
        self.schedule = SchedulePlugin(self.optimizer)
        self.joint = JointPlugin(plan.settings, plan.spec.seed, self.optimizer)
        follower = self.joint if plan.spec.baseline.schedule == "joint" else self.schedule
        setup = Setup(
            model=self.network,
            optimizer=self.optimizer,
            batch=settings.batch,
            epochs=settings.epochs,
            device=plan.spec.device,
            plugins=[follower, curves, *extra],
        )
        self.strategy = plan.spec.baseline.build(setup, **plan.spec.values)

    def learn(self, number: int, experience: Any) -> None:
        """Train on one task."""
        data, settings = self.plan.tasks[number], self.plan.settings[number]
        self.schedule.settings = settings
        self.strategy.train_mb_size = settings.batch
        self.strategy.train_epochs = settings.epochs
        self._train(number, data.task.name, [data], experience)

    def learn_together(self, experiences: Any) -> None:
        """Train on all tasks at once."""
        self.joint.experiences = experiences
        self._train(0, "all", self.plan.tasks, experiences)

    def _train(self, number: int, name: str, tasks: list[TaskData], data: Any) -> None:
        _seed(self.plan.spec, self.network, number)
        self.curves.begin(number, name, tasks)
        with self.ledger.experience(self.strategy, tasks):
            self.strategy.train(data, eval_streams=[])


_Result = tuple[RetentionMatrix, CurvePlugin, tuple[CrossModalNetwork, ...]]


def _retention(plan: _Plan, progress: Progress) -> RetentionPlugin:
    spec, joint = plan.spec, plan.spec.baseline.schedule == "joint"
    return RetentionPlugin(plan.tasks, spec.seed, spec.repetitions, spec.part, joint, progress)


def _sequential(plan: _Plan, ledger: Ledger, progress: Progress) -> _Result:
    retention, curves = _retention(plan, progress), CurvePlugin(plan.spec.seed, progress)
    training = _Training(plan, ledger, curves, [retention], plan.settings[0])
    for number, experience in enumerate(to_avalanche(plan.tasks).train_stream):
        training.learn(number, experience)
    return retention.matrix, curves, (training.strategy.model,)


def _joint(plan: _Plan, ledger: Ledger, progress: Progress) -> _Result:
    retention, curves = _retention(plan, progress), CurvePlugin(plan.spec.seed, progress)
    training = _Training(plan, ledger, curves, [retention], plan.settings[0])
    training.learn_together(to_avalanche(plan.tasks).train_stream)
    return retention.matrix, curves, (training.strategy.model,)


def _independent(plan: _Plan, ledger: Ledger, progress: Progress) -> _Result:
    """Train a model of its own for every task; row i holds the first i of them and untrained models for the rest."""
    retention, curves = _retention(plan, progress), CurvePlugin(plan.spec.seed, progress)
    networks = [_network(plan) for _ in plan.tasks]
    retention.record(0, networks)
    for number, experience in enumerate(to_avalanche(plan.tasks).train_stream):
        training = _Training(plan, ledger, curves, [], plan.settings[number])
        training.learn(number, experience)
        networks[number] = training.strategy.model
        retention.record(number + 1, networks)
    return retention.matrix, curves, tuple(networks)
