"""The bank: all samples of a stream, read-only, gathered a batch at a time.

What a strategy stores, shuffles and replays is a *reference*: an int64 pair (data set, row). The samples stay here.
torch is imported where it is called, because importing it takes seconds and lists of streams should not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chaoscl.data.card import Card
from chaoscl.data.prepared import Prepared, open_prepared

if TYPE_CHECKING:
    from torch import Tensor

Place = tuple[str, Card]


class Group(NamedTuple):
    """The samples of a batch that come from one data set.

    Attributes:
        name: the data set.
        positions: int64 (n,), where in the batch they stand; None when they are the whole batch in order.
        inputs: (n, ...) as prepared: uint8 images or int32 tokens.
    """

    name: str
    positions: Tensor | None
    inputs: Tensor


class View(NamedTuple):
    """A data set of images seen through one permutation of its pixels.

    Attributes:
        name: by which samples are referred to; not a data set's.
        dataset: the data set.
        order: int64 (values of an image,), which value of the image each value of the view is.
    """

    name: str
    dataset: str
    order: Tensor


class Bank:
    """The prepared data sets of a stream, and views of them.

    A copy of a model must not copy the data, so deepcopy returns the bank itself, and a pickled bank opens the
    same folders again.
    """

    def __init__(self, datasets: Sequence[Prepared], views: Sequence[View] = ()) -> None:
        self.datasets = tuple(datasets)
        self.views = tuple(views)
        names = [*(dataset.card.name for dataset in self.datasets), *(view.name for view in self.views)]
        self._index = {name: number for number, name in enumerate(names)}
        self._sources = [*self.datasets, *(self[view.dataset] for view in self.views)]

    def __getitem__(self, name: str) -> Prepared:
        return self.datasets[self._index[name]]

    def __deepcopy__(self, memo: dict[int, object]) -> Bank:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return _reopen, (self.places, self.views)

    @property
    def places(self) -> tuple[Place, ...]:
        """The folder and the card of each data set, from which another process opens the same bank."""
        return tuple((str(dataset.folder), dataset.card) for dataset in self.datasets)

    @property
    def shape(self) -> tuple[int, int]:
        """How many data sets and views there are, and the most rows that one of them has: what references index."""
        return len(self._sources), max(len(source.labels) for source in self._sources)

    def with_views(self, views: Sequence[View]) -> Bank:
        """Return a bank over the same data sets with these views."""
        return Bank(self.datasets, views)

    def references(self, name: str, rows: Tensor) -> Tensor:
        """Return the references, int64 (n, 2), of ``rows`` (n,) of a data set or view."""
        import torch

        return torch.stack([torch.full_like(rows, self._index[name]), rows], dim=1)

    def rows_by_dataset(self, references: Tensor) -> dict[str, Tensor]:
        """Return where in ``references`` (n, 2) each data set's samples stand, int64 (m,) ascending, by its name.

        Samples of a view are those of its data set. Loads none.
        """
        import torch

        owners = references[:, 0].cpu()
        found: dict[str, list[Tensor]] = {}
        for owner in owners.unique().tolist():
            found.setdefault(self._sources[owner].card.name, []).append((owners == owner).nonzero().squeeze(1))
        return {name: torch.cat(rows).sort().values for name, rows in found.items()}

    def gather(self, references: Tensor) -> list[Group]:
        """Return the samples of ``references`` (n, 2), one group for each data set among them."""
        owners, rows = references.cpu().unbind(1)
        first = int(owners[0])
        if bool((owners == first).all()):
            return [self._group(first, None, rows)]
        groups = []
        for owner in owners.unique().tolist():
            positions = (owners == owner).nonzero().squeeze(1)
            groups.append(self._group(owner, positions, rows[positions]))
        return groups

    def _group(self, owner: int, positions: Tensor | None, rows: Tensor) -> Group:
        dataset = self._sources[owner]
        inputs = dataset.inputs.index_select(0, rows)
        if owner >= len(self.datasets):
            inputs = inputs.flatten(1)[:, self.views[owner - len(self.datasets)].order].view_as(inputs)
        return Group(dataset.card.name, positions, inputs)

    def bytes_of(self, references: Tensor) -> int:
        """Return the bytes that the samples of ``references`` (n, 2) would take if they were stored themselves."""
        import torch

        counts = torch.bincount(references[:, 0].cpu(), minlength=len(self._sources)).tolist()
        sizes = (dataset.inputs[0].nbytes for dataset in self._sources)
        return sum(count * size for count, size in zip(counts, sizes, strict=True))


def _reopen(places: tuple[Place, ...], views: tuple[View, ...]) -> Bank:
    return open_bank(places).with_views(views)


@lru_cache(maxsize=8)
def open_bank(places: tuple[Place, ...]) -> Bank:
    """Open the bank over prepared folders, each with its card, once a process."""
    return Bank([open_prepared(Path(folder), card) for folder, card in places])
