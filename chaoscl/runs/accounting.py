"""Equal accounting: what each run saw, computed, kept and took, measured the same way for every strategy.

What a strategy keeps is found by looking, not by asking it: every tensor and every stored sample that can be reached
from the strategy and its plugins, beyond the model, the optimiser and the data of the experience at hand.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from avalanche.benchmarks.utils import AvalancheDataset
from torch import Tensor, nn

from chaoscl.data import Bank
from chaoscl.models.build import parts
from chaoscl.models.network import CrossModalNetwork
from chaoscl.registry import MODULE_PREFIX
from chaoscl.runs.optimiser import RecipeAdamW
from chaoscl.streams import TaskData, joined
from chaoscl.streams.feeding import columns

# What Avalanche's strategies hold themselves: the model, the data at hand, and what belongs to the runner.
_OWN = {
    "model", "optimizer", "_criterion", "plugins", "evaluator", "clock", "experience", "adapted_dataset", "dataloader",
    "mbatch", "mb_output", "loss", "_eval_streams", "_experiences", "current_eval_stream", "batch_logits",
    "mb_buffer_x", "mb_buffer_y", "mb_buffer_tid", "mb_buffer_out",
}  # fmt: skip
_LOOKED_INTO = ("avalanche.", MODULE_PREFIX)
_REFERENCE = 2


@dataclass(frozen=True)
class Cost:
    """What a run took. The fields are the columns of costs.csv and timings.csv."""

    samples: int
    samples_replayed: int
    optimiser_steps: int
    parameters: int
    parameters_trainable: int
    parameters_touched: int
    stored_samples: int
    stored_bytes: int
    stored_raw_bytes: int
    forward_samples: int
    macs: int
    spike_operations: int
    seconds: float
    peak_memory_bytes: int


@dataclass(frozen=True)
class Stored:
    """What a strategy keeps from one experience to the next.

    Attributes:
        samples: stored samples.
        bytes: of all that is kept: references, labels, logits, importances, copies of weights.
        raw_bytes: that the stored samples would take as pixels and tokens.
    """

    samples: int
    bytes: int
    raw_bytes: int


class Ledger:
    """Follows the strategies of a run, one or with ``independent`` one a task.

    Args:
        bank: knows what a sample takes.
    """

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._starts: list[tuple[CrossModalNetwork, dict[str, Tensor]]] = []
        self._steps = 0
        self._stored = Stored(0, 0, 0)

    def opened(self, network: CrossModalNetwork) -> None:
        """Note a network before it is trained."""
        start = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
        self._starts.append((network, start))

    @contextmanager
    def experience(self, strategy: Any, tasks: Sequence[TaskData]) -> Iterator[None]:
        """Follow a strategy while it learns ``tasks`` inside the block."""
        strategy.model.meter.own = self._rows(tasks)
        optimizer, steps = strategy.optimizer, 0

        def count(*_: Any) -> None:
            nonlocal steps
            steps += 1

        # RecipeAdamW is called for every batch and counts the steps that it takes; a strategy may have another.
        own = isinstance(optimizer, RecipeAdamW)
        before = optimizer.steps if own else 0
        hook = optimizer.register_step_post_hook(count)
        try:
            yield
        finally:
            hook.remove()
        self._steps += optimizer.steps - before if own else steps
        most, now = self._stored, stored(strategy, self._bank)
        self._stored = Stored(
            max(most.samples, now.samples), max(most.bytes, now.bytes), max(most.raw_bytes, now.raw_bytes)
        )

    def _rows(self, tasks: Sequence[TaskData]) -> Tensor:
        """Return which samples belong to ``tasks``, bool (data sets and views, rows), by their references."""
        references = joined([data.train for data in tasks]).references
        own = torch.zeros(self._bank.shape, dtype=torch.bool)
        own[references[:, 0], references[:, 1]] = True
        return own

    def cost(self, networks: tuple[CrossModalNetwork, ...], seconds: float) -> Cost:
        """Return what the run took.

        Args:
            networks: as they are at the end, one for each that was opened.
            seconds: of the whole run, evaluation included.
        """
        meters = [network.meter for network, _ in self._starts]
        counts = [parts(network) for network in networks]
        return Cost(
            samples=sum(meter.trained_samples for meter in meters),
            samples_replayed=sum(meter.replayed_samples for meter in meters),
            optimiser_steps=self._steps,
            parameters=sum(part.parameters for part in chain(*counts)),
            parameters_trainable=sum(part.parameters for part in chain(*counts) if part.trained),
            parameters_touched=sum(
                _touched(network, start) for network, (_, start) in zip(networks, self._starts, strict=True)
            ),
            stored_samples=self._stored.samples,
            stored_bytes=self._stored.bytes,
            stored_raw_bytes=self._stored.raw_bytes,
            forward_samples=sum(meter.forward_samples for meter in meters),
            macs=sum(meter.macs for meter in meters),
            spike_operations=sum(meter.spike_operations for meter in meters),
            seconds=seconds,
            peak_memory_bytes=peak_memory(),
        )


def _touched(network: CrossModalNetwork, start: Mapping[str, Tensor]) -> int:
    """Return how many parameters have another value than at the start."""
    return sum(int((parameter.detach() != start[name]).sum()) for name, parameter in network.named_parameters())


def stored(strategy: Any, bank: Bank) -> Stored:
    """Return what an Avalanche strategy keeps, each tensor's memory and each sample counted once."""
    kept = {name: value for name, value in vars(strategy).items() if name not in _OWN}
    skip = {id(tensor) for tensor in chain(strategy.model.parameters(), strategy.model.buffers())}
    tensors: dict[int, int] = {}
    samples: list[Tensor] = []
    extras = 0
    for found in _reach([kept, [plugin for plugin in strategy.plugins if _is_foreign(plugin)]], set()):
        if isinstance(found, AvalancheDataset):
            fields = columns(found)
            if len(found) and fields is not None:
                samples.append(fields[0])
                extras += sum(field.nbytes for field in fields)
        elif id(found) not in skip:
            tensors[found.untyped_storage().data_ptr()] = found.untyped_storage().nbytes()
            if found.dtype == torch.int64 and found.dim() == 2 and found.shape[1] == _REFERENCE:
                samples.append(found)
    references = torch.cat(samples).unique(dim=0) if samples else torch.empty((0, _REFERENCE), dtype=torch.int64)
    return Stored(len(references), extras + sum(tensors.values()), bank.bytes_of(references))


def _is_foreign(plugin: Any) -> bool:
    """Say whether a plugin belongs to the strategy rather than to the runner."""
    return not type(plugin).__module__.startswith("chaoscl.runs")


def _reach(root: Any, seen: set[int]) -> Iterator[Any]:
    """Yield every tensor and Avalanche data set that can be reached from ``root``, outermost data sets only."""
    if id(root) in seen or isinstance(root, str | bytes | int | float | type | torch.utils.data.DataLoader):
        return
    seen.add(id(root))
    if isinstance(root, Tensor | AvalancheDataset):
        yield root
    elif isinstance(root, nn.Module):
        for tensor in chain(root.parameters(), root.buffers()):
            yield from _reach(tensor, seen)
    elif isinstance(root, Mapping):
        for value in root.values():
            yield from _reach(value, seen)
    elif isinstance(root, list | tuple | set | frozenset):
        for value in root:
            yield from _reach(value, seen)
    elif hasattr(root, "__dict__") and type(root).__module__.startswith(_LOOKED_INTO):
        yield from _reach(vars(root), seen)


def reset_peak_memory() -> None:
    """Start the high-water mark of memory anew, where the system can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory() -> int:
    """Return the most memory, in bytes, that this process held since the mark was last started anew."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import resource  # not on Windows

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
