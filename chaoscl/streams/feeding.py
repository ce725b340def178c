"""Whole batches for every Avalanche loader.

PyTorch's fetcher calls ``dataset.__getitems__(indices)`` where there is one. Avalanche 0.6.0's data sets have none, so
each sample is fetched and collated alone, which takes several times as long as a small model's training step. With
:func:`install`, a batch is gathered from the columns of the data set (references, targets, task labels, and logits
where a strategy stores them) by one index a column. It reaches each loader, a strategy's own included, and delivers
the same batches in the same order; ``tests/streams/test_feeding.py`` compares the two ways.

Before each epoch Avalanche also asks of every sample whether FFCV, another library's file format, could load it. No
data set here is in that format, so the answer is given without asking.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from avalanche.benchmarks.utils import AvalancheDataset, data_loader
from avalanche.benchmarks.utils.ffcv_support.ffcv_components import has_ffcv_support
from avalanche.benchmarks.utils.flat_data import ConstantSequence, FlatData
from torch import Tensor
from torch.utils.data import ConcatDataset, TensorDataset, default_collate
from torch.utils.data._utils.collate import default_collate_fn_map

Columns = list[Tensor]


class Sample(list[Tensor]):
    """One sample of a :class:`Batch`: as Avalanche gives it, a list of its fields."""


class Batch(Sequence[Sample]):
    """Samples of a batch, kept as columns.

    Args:
        columns: the fields, each (batch, ...).
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitem__(self, position: Any) -> Any:
        return Sample(column[position] for column in self.columns)

    def __iter__(self) -> Iterator[Sample]:
        return (self[position] for position in range(len(self)))


def install() -> None:
    """Make every Avalanche data set deliver whole batches; calling it again changes nothing."""
    default_collate_fn_map[Sample] = _collate
    AvalancheDataset.__getitems__ = _dataset_batch
    data_loader.ConcatDataset = _BatchedConcat
    data_loader.has_ffcv_support = _no_ffcv


class ReferenceDataset(TensorDataset):
    """References, targets and whatever else stands beside them, which nobody changes in place.

    Only data sets over these are fetched a batch at a time: the columns of any other are its owner's to change.
    """


def uninstall() -> None:
    """Bring back Avalanche's own way, as it is before :func:`install`, so that the two can be compared."""
    default_collate_fn_map.pop(Sample, None)
    if "__getitems__" in vars(AvalancheDataset):
        del AvalancheDataset.__getitems__
    data_loader.ConcatDataset = ConcatDataset
    data_loader.has_ffcv_support = has_ffcv_support


def columns(dataset: Any) -> Columns | None:
    """Return the fields of all samples of an Avalanche data set, each (samples, ...).

    None if they cannot be had without asking for each sample: transforms, or leaves that are no tensors.
    """
    content = dataset._flat_data
    attributes = [one for one in dataset._data_attributes.values() if one.use_in_getitem]
    fields = _flat(content)
    for attribute in attributes:
        column = _leaf(attribute.data)
        if fields is None or column is None:
            return None
        fields = fields + column
    return fields


def _collate(batch: Sequence[Sample], *, collate_fn_map: object = None) -> Columns:
    if isinstance(batch, Batch):
        return batch.columns
    return [default_collate(list(field)) for field in zip(*batch, strict=True)]


def _dataset_batch(self: Any, indices: Sequence[int]) -> Sequence[Any]:
    fields = _kept_columns(self)
    if fields is None:
        return [self[index] for index in indices]
    chosen = torch.as_tensor(indices)
    return Batch([field[chosen] for field in fields])


def _kept_columns(dataset: Any) -> Columns | None:
    """Return the columns of a data set, made once; a clone with other content, which copies the note, makes its own."""
    made_from = (dataset._flat_data, *dataset._data_attributes.values())
    kept = dataset.__dict__.get("_columns")
    if kept is None or len(kept[0]) != len(made_from) or any(a is not b for a, b in zip(kept[0], made_from)):  # noqa: B905
        kept = (made_from, columns(dataset))
        dataset._columns = kept
    return kept[1]


def _no_ffcv(datasets: object) -> bool:
    return False


class _BatchedConcat(ConcatDataset[Any]):
    """The concatenation that Avalanche's loaders make of their data sets, with whole batches."""

    def __getitems__(self, indices: Sequence[int]) -> Sequence[Any]:
        fields = self._fields
        if fields is None:
            return [self[index] for index in indices]
        chosen = torch.as_tensor(indices)
        return Batch([field[chosen] for field in fields])

    @cached_property
    def _fields(self) -> Columns | None:
        """The columns of all data sets, one after another."""
        parts = []
        for dataset in self.datasets:
            part = _kept_columns(dataset)
            if part is None:
                return None
            parts.append(part)
        return [torch.cat(field) if len(field) > 1 else field[0] for field in zip(*parts, strict=True)]


def _flat(content: Any) -> Columns | None:
    """Return the columns of Avalanche's tree of concatenations and subsets."""
    groups = (getattr(content, "_transform_groups", None), getattr(content, "_frozen_transform_groups", None))
    if any(group is not None and any(group.transform_groups.values()) for group in groups):
        return None
    parts = [_leaf(one) for one in content._datasets]
    if not parts or any(part is None for part in parts):
        return None
    fields = [torch.cat(field) if len(field) > 1 else field[0] for field in zip(*parts, strict=True)]
    if content._indices is None:
        return fields
    rows = torch.from_numpy(np.fromiter(content._indices, dtype=np.int64, count=len(content._indices)))
    return [field[rows] for field in fields]


def _leaf(content: Any) -> Columns | None:
    if isinstance(content, FlatData):
        return _flat(content)
    if type(content) is ReferenceDataset:
        return list(content.tensors)
    if isinstance(content, ConstantSequence):
        constant = content._constant_value
        return [torch.full((len(content),), constant)] if isinstance(constant, int) else None
    if isinstance(content, list) and content:
        if all(isinstance(one, Tensor) for one in content):
            return [torch.stack(content)]
        if all(isinstance(one, int) for one in content):
            return [torch.tensor(content)]
    return None
