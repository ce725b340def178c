"""How fast samples reach the model, and how much longer an epoch takes under a strategy than in a bare loop.

An epoch is timed on the second of two tasks, class-incremental, so that replay has a memory. The bare loop is what one
would write without Avalanche: the same encoder, trunk and heads, the same optimiser, tensors in memory indexed by a
shuffled order, and for replay as many samples of the same memory beside each batch; it measures nothing.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from chaoscl.compat import quiet_avalanche
from chaoscl.data import Bank, Prepared
from chaoscl.models.network import CrossModalNetwork
from chaoscl.runs.execute import reproducible
from chaoscl.runs.optimiser import RecipeAdamW
from chaoscl.runs.recipes import Settings
from chaoscl.streams import Split, Stream, materialise, split, whole
from chaoscl.streams.experiences import to_avalanche
from chaoscl.streams.feeding import columns, install, uninstall
from timing.measure import Goal, Measured, summary, take_turns
from timing.setup import SEED, Ground, Rig, embedded_bank, epoch, ground, rig, start

PART = "feeding"
BARE = "a bare PyTorch loop"
DELIVERED = Goal("at least", 500_000)
LEAN, FULL = Goal("at most", 1.3), Goal("at most", 1.6)
BASELINES = ("naive", "replay")
WARM_UP = 2


@dataclass(frozen=True)
class Case:
    """What is learned in an epoch.

    Attributes:
        words: for tables.
        stream: two tasks of one data set.
        model: a name of the zoo.
        batch: samples in a batch, replayed ones not counted.
    """

    words: str
    stream: Stream
    model: str
    batch: int


CASES = (
    Case("images, mlp400, batches of 128", Stream("digits", split("mnist", (5, 5))), "mlp400", 128),
    Case("texts, mlp256, batches of 64", Stream("news", split("ag_news", (2, 2))), "mlp256", 64),
)
"""The zoo's networks with the shortest steps for images and for texts: what is added to a step weighs most there."""


@dataclass(frozen=True)
class Loop:
    """Something that trains for an epoch at a time.

    Attributes:
        step: trains for one epoch.
        network: is trained.
        optimizer: trains it.
    """

    step: Callable[[], None]
    network: CrossModalNetwork
    optimizer: RecipeAdamW


def measure(rounds: int) -> list[Measured]:
    """Return the images delivered a second, and for each case and baseline the epochs' times beside a bare loop's."""
    with reproducible("cpu"), quiet_avalanche():
        rows = [delivery(rounds)]
        for case in CASES:
            for baseline in BASELINES:
                rows += epochs(case, baseline, rounds)
    return rows


def delivery(rounds: int) -> Measured:
    """Return the uint8 images that the strategy's loader and the memory-mapped bank deliver in a second, no model.

    The generated digits are repeated to the rows of MNIST, so that the bank does not fit into the processor's cache.
    """
    stream = Stream("mnist", whole("mnist"))
    (small,) = embedded_bank("mnist").datasets
    with TemporaryDirectory() as folder:
        bank = Bank([repeated(small, small.card.train_rows, Path(folder) / "inputs.npy")])
        place = Ground(bank, stream, "class", tuple(materialise(stream, "class", bank, SEED)), "mlp400")
        built = rig(place, "naive", Settings(1, 128, 1e-3, None))
        start(built, to_avalanche(place.tasks).train_stream[0], 0, place.tasks[0], 1)

        def deliver() -> None:
            for references, *_ in built.strategy.dataloader:
                bank.gather(references)

        times = take_turns({"": deliver}, rounds, warm_up=1)[""]
    images = len(place.tasks[0].train)
    return summary(
        PART,
        f"batches of 128 from a memory-mapped bank of {small.card.train_rows:,} images, no model",
        [images / seconds for seconds in times],
        "images/s",
        goal=DELIVERED,
    )


def repeated(data: Prepared, rows: int, path: Path) -> Prepared:
    """Return a data set repeated to ``rows`` rows, memory-mapped from a new file; as many as before are for testing."""
    chosen = torch.arange(rows) % len(data.labels)
    np.save(path, data.inputs[chosen].numpy())
    inputs = torch.from_numpy(np.load(path, mmap_mode="c"))
    return replace(data, inputs=inputs, labels=data.labels[chosen], train_rows=rows - data.test_rows)


def epochs(case: Case, baseline: str, rounds: int) -> list[Measured]:
    """Return how many times as long as the bare loop an epoch takes: with and without our plugins, and stock.

    Two more rows give a bare batch in ms, and what Avalanche's loop adds to it without our plugins.
    """
    made = loops(case, baseline, rounds + WARM_UP)
    times = take_turns({name: loop.step for name, loop in made.items()}, rounds, WARM_UP)
    batches = made["bare"].optimizer.steps / (rounds + WARM_UP)
    bare = [1e3 * seconds / batches for seconds in times["bare"]]
    added = [1e3 * seconds / batches - ours for seconds, ours in zip(times["lean"], bare, strict=True)]
    rows = [
        summary(
            PART,
            f"{words}: {baseline}, {case.words}",
            [ours / alone for ours, alone in zip(times[name], times["bare"], strict=True)],
            "times as long",
            against=BARE,
            goal=goal,
        )
        for name, words, goal in (
            ("lean", "epoch without our plugins", LEAN),
            ("full", "epoch with all of our plugins", FULL),
            ("stock", "epoch without our plugins, Avalanche's own loaders", None),
        )
    ]
    return [
        *rows,
        summary(PART, f"a batch in the bare loop: {baseline}, {case.words}", bare, "ms"),
        summary(PART, f"added to a batch without our plugins: {baseline}, {case.words}", added, "ms"),
    ]


def loops(case: Case, baseline: str, count: int) -> dict[str, Loop]:
    """Return the ways to train on the case's second task: ``bare``, ``lean``, ``full`` and ``stock``.

    Args:
        case: what is learned.
        baseline: the strategy.
        count: epochs that will follow.
    """
    place = ground(case.stream, "class", case.model)
    settings = Settings(count, case.batch, 2e-3, 0.2)
    lean, full, stocked = (_second_task(place, baseline, settings, plugins) for plugins in ((), _ALL, ()))

    def step_stock() -> None:
        with stock():
            epoch(stocked)

    return {
        "bare": bare_loop(place, settings, memory(lean.strategy)),
        "lean": Loop(lambda: epoch(lean), lean.network, lean.optimizer),
        "full": Loop(lambda: epoch(full), full.network, full.optimizer),
        "stock": Loop(step_stock, stocked.network, stocked.optimizer),
    }


_ALL = ("curves", "retention")


def _second_task(place: Ground, baseline: str, settings: Settings, plugins: tuple[str, ...]) -> Rig:
    """Return a strategy that has learned the first task for an epoch and is about to learn the second."""
    built = rig(place, baseline, replace(settings, epochs=1), plugins)
    first, second = to_avalanche(place.tasks).train_stream
    built.curves.begin(0, place.tasks[0].task.name, [place.tasks[0]])
    torch.manual_seed(SEED)
    built.strategy.train(first, eval_streams=[])
    start(built, second, 1, place.tasks[1], settings.epochs)
    return built


def memory(strategy: Any) -> Split | None:
    """Return the samples that a replay strategy keeps; None if it keeps none."""
    for plugin in strategy.plugins:
        if hasattr(plugin, "storage_policy"):
            fields = columns(plugin.storage_policy.buffer)
            assert fields is not None
            return Split(fields[0], fields[1])
    return None


def bare_loop(place: Ground, settings: Settings, kept: Split | None) -> Loop:
    """Return the bare loop on the second task.

    Args:
        place: the tasks.
        settings: how they are trained.
        kept: what is replayed beside each batch, as many samples as the batch has; None for nothing.
    """
    network = place.network()
    optimizer = RecipeAdamW(network.parameters())
    criterion = nn.CrossEntropyLoss()
    (dataset,) = place.stream.datasets
    inputs, targets = _in_memory(place.bank, place.tasks[1].train)
    old_inputs, old_targets = _in_memory(place.bank, kept) if kept else (inputs, targets)
    optimizer.begin(settings, -(-len(targets) // settings.batch) * settings.epochs)
    network.train()

    def step() -> None:
        replayed = _again_and_again(len(old_targets), settings.batch)
        for rows in torch.randperm(len(targets)).split(settings.batch):
            samples, truth = inputs[rows], targets[rows]
            if kept:
                old = next(replayed)
                samples, truth = torch.cat([samples, old_inputs[old]]), torch.cat([truth, old_targets[old]])
            optimizer.zero_grad()
            features = network.trunk(network.encoders(dataset, samples))
            loss = criterion(torch.cat([head(features) for head in network.heads], dim=1), truth)
            loss.backward()
            optimizer.step()

    return Loop(step, network, optimizer)


def _in_memory(bank: Bank, samples: Split) -> tuple[Tensor, Tensor]:
    """Return the inputs of samples of one data set, copied into memory, and their targets."""
    (group,) = bank.gather(samples.references)
    return group.inputs, samples.targets


def _again_and_again(count: int, batch: int) -> Iterator[Tensor]:
    """Yield batches of the rows 0 .. count - 1 in a shuffled order, and then in another one, without end."""
    return itertools.chain.from_iterable(torch.randperm(count).split(batch) for _ in itertools.count())


@contextmanager
def stock() -> Iterator[None]:
    """Let Avalanche's loaders work in their own way inside the block."""
    uninstall()
    try:
        yield
    finally:
        install()
