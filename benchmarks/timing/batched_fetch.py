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
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from chaoscl.compat import quiet_avalanche
from chaoscl.data import DATASETS, Bank, Prepared
from chaoscl.models.network import CrossModalNetwork
from chaoscl.runs.execute import reproducible
from chaoscl.runs.optimiser import RecipeAdamW
from chaoscl.runs.recipes import Settings
from chaoscl.streams import Split, Stream, split, whole
from chaoscl.streams.feeding import columns, install, uninstall
from timing.measure import Goal, Measured, ratios, scaled, take_turns
from timing.setup import StrategyUnderTest, Workload, generated_bank, strategy_under_test, workload

BARE = "a bare PyTorch loop"
DELIVERED = Goal("at least", 500_000)
OVERHEADS = (
    ("lean", "epoch without our plugins", Goal("at most", 1.3)),
    ("full", "epoch with all of our plugins", Goal("at most", 1.6)),
    ("stock", "epoch without our plugins, Avalanche's own loaders", None),
)
BASELINES = ("naive", "replay")
WARM_UP = 2


@dataclass(frozen=True)
class Case:
    """Two tasks of one data set, and the model of the zoo that learns them."""

    words: str
    stream: Stream
    model: str
    batch: int  # samples, replayed ones not counted


CASES = (
    Case("images, mlp400, batches of 128", Stream("digits", split("mnist", (5, 5))), "mlp400", 128),
    Case("texts, mlp256, batches of 64", Stream("news", split("ag_news", (2, 2))), "mlp256", 64),
)
"""The zoo's networks with the shortest steps for images and for texts: what is added to a step weighs most there."""


class Loop(NamedTuple):
    """What trains for an epoch at a time, the network that it trains, and its optimiser."""

    train_epoch: Callable[[], None]
    network: CrossModalNetwork
    optimizer: RecipeAdamW


def measure(rounds: int) -> list[Measured]:
    """Return the images delivered a second, and for each case and baseline the epochs' times beside a bare loop's."""
    with reproducible("cpu"), quiet_avalanche():
        rows = [delivery(rounds)]
        for case, baseline in itertools.product(CASES, BASELINES):
            rows += overhead(case, baseline, rounds)
    return rows


def delivery(rounds: int) -> Measured:
    """Return the uint8 images that the strategy's loader and the memory-mapped bank deliver in a second, no model.

    The generated digits are repeated to the rows of MNIST, so that the bank does not fit into the processor's cache.
    """
    (small,) = generated_bank(DATASETS["mnist"]).datasets
    count = small.card.train_rows
    with TemporaryDirectory() as folder:
        bank = Bank([repeated(small, count, Path(folder) / "inputs.npy")])
        work = workload(Stream("mnist", whole("mnist")), "class", "mlp400", bank)
        built = strategy_under_test(work, "naive", Settings(1, 128, 1e-3, None))
        built.begin(0, epochs=1)

        def deliver() -> None:
            for references, *_ in built.strategy.dataloader:
                bank.gather(references)

        times = take_turns({"": deliver}, rounds, warm_up=1)[""]
    rates = [len(work.tasks[0].train) / seconds for seconds in times]
    case = f"batches of 128 from a memory-mapped bank of {count:,} images, no model"
    return Measured(case, rates, "images/s", goal=DELIVERED)


def repeated(data: Prepared, rows: int, path: Path) -> Prepared:
    """Return a data set repeated to ``rows`` rows, memory-mapped from a new file; as many as before are for testing."""
    chosen = torch.arange(rows) % len(data.labels)
    np.save(path, data.inputs[chosen].numpy())
    inputs = torch.from_numpy(np.load(path, mmap_mode="c"))
    return replace(data, inputs=inputs, labels=data.labels[chosen], train_rows=rows - data.test_rows)


def overhead(case: Case, baseline: str, rounds: int) -> list[Measured]:
    """Return how many times as long as the bare loop an epoch takes: with and without our plugins, and stock.

    Two more rows give a bare batch in ms, and what Avalanche's loop adds to it without our plugins.
    """
    made = loops(case, baseline, rounds + WARM_UP)
    times = take_turns({name: loop.train_epoch for name, loop in made.items()}, rounds, WARM_UP)
    batches = made["bare"].optimizer.steps / (rounds + WARM_UP)
    bare, lean = (scaled(times[name], 1e3 / batches) for name in ("bare", "lean"))
    added = [ours - alone for ours, alone in zip(lean, bare, strict=True)]
    where = f"{baseline}, {case.words}"
    return [
        *(
            Measured(f"{words}: {where}", ratios(times[name], times["bare"]), "times as long", BARE, goal)
            for name, words, goal in OVERHEADS
        ),
        Measured(f"a batch in the bare loop: {where}", bare, "ms"),
        Measured(f"added to a batch without our plugins: {where}", added, "ms"),
    ]


def loops(case: Case, baseline: str, epochs: int) -> dict[str, Loop]:
    """Return the loops that train on the second task for so many epochs: ``bare``, ``lean``, ``full``, ``stock``."""
    work = workload(case.stream, "class", case.model)
    settings = Settings(epochs, case.batch, 2e-3, 0.2)
    plugins = {"lean": (), "full": ("curves", "retention"), "stock": ()}
    built = {name: second_task(work, baseline, settings, chosen) for name, chosen in plugins.items()}
    return {
        "bare": bare_loop(work, settings, replay_memory(built["lean"].strategy)),
        **{name: Loop(one.train_epoch, one.network, one.optimizer) for name, one in built.items()},
        "stock": Loop(stock_loaders()(built["stock"].train_epoch), built["stock"].network, built["stock"].optimizer),
    }


def second_task(work: Workload, baseline: str, settings: Settings, plugins: tuple[str, ...] = ()) -> StrategyUnderTest:
    """Return a strategy that has learned the first task for an epoch and is about to learn the second."""
    built = strategy_under_test(work, baseline, replace(settings, epochs=1), plugins)
    built.learn(0)
    built.begin(1, settings.epochs)
    return built


def replay_memory(strategy: Any) -> Split | None:
    """Return the samples that a replay strategy keeps; None if it keeps none."""
    for plugin in strategy.plugins:
        if hasattr(plugin, "storage_policy"):
            fields = columns(plugin.storage_policy.buffer)
            assert fields is not None
            return Split(fields[0], fields[1])
    return None


def bare_loop(work: Workload, settings: Settings, memory: Split | None) -> Loop:
    """Return the bare loop on the second task, which replays as many samples of a memory as a batch has beside it."""
    network = work.network()
    optimizer = RecipeAdamW(network.parameters())
    criterion = nn.CrossEntropyLoss()
    (dataset,) = work.stream.datasets
    inputs, targets = _in_memory(work.bank, work.tasks[1].train)
    old_inputs, old_targets = _in_memory(work.bank, memory) if memory else (inputs, targets)
    optimizer.begin(settings, -(-len(targets) // settings.batch) * settings.epochs)
    network.train()

    def train_epoch() -> None:
        replayed = _again_and_again(len(old_targets), settings.batch)
        for rows in torch.randperm(len(targets)).split(settings.batch):
            samples, truth = inputs[rows], targets[rows]
            if memory:
                old = next(replayed)
                samples, truth = torch.cat([samples, old_inputs[old]]), torch.cat([truth, old_targets[old]])
            optimizer.zero_grad()
            features = network.trunk(network.encoders(dataset, samples))
            loss = criterion(torch.cat([head(features) for head in network.heads], dim=1), truth)
            loss.backward()
            optimizer.step()

    return Loop(train_epoch, network, optimizer)


def _in_memory(bank: Bank, samples: Split) -> tuple[Tensor, Tensor]:
    """Return the inputs of samples of one data set, copied into memory, and their targets."""
    (group,) = bank.gather(samples.references)
    return group.inputs, samples.targets


def _again_and_again(count: int, batch: int) -> Iterator[Tensor]:
    """Yield batches of the rows 0 .. count - 1 in a shuffled order, and then in another one, without end."""
    return itertools.chain.from_iterable(torch.randperm(count).split(batch) for _ in itertools.count())


@contextmanager
def stock_loaders() -> Iterator[None]:
    """Let Avalanche's loaders work in their own way inside the block."""
    uninstall()
    try:
        yield
    finally:
        install()
