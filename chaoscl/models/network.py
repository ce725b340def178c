"""The cross-modal network: references in, logits over all classes of the stream out."""

from collections.abc import Sequence
from typing import Final, Protocol

import torch
from avalanche.models import MultiTaskModule
from torch import Tensor, nn

from chaoscl.models.encoder_modules import Encoders
from chaoscl.models.meter import Meter
from chaoscl.models.noise import Noise

EVERY_CLASS: Final = torch.empty(0, dtype=torch.int64)
"""In the place of task labels: hide nothing. What a strategy gets that calls the model without task labels."""
HIDDEN_LOGIT = -1000.0
"""Logit of a class that the task label hides. Not 0: a padded zero is a phantom class that takes softmax mass."""


class Gathered(Protocol):
    """Samples of one data set within a batch; see chaoscl.data.bank.Group."""

    @property
    def name(self) -> str:
        """The data set."""

    @property
    def positions(self) -> Tensor | None:
        """Where in the batch they stand; None for the whole batch in order."""

    @property
    def inputs(self) -> Tensor:
        """The samples."""


class SampleBank(Protocol):
    """What the network needs of the bank."""

    def gather(self, references: Tensor) -> Sequence[Gathered]:
        """Return the samples of references (n, 2), one group for each data set among them."""

    def rows_by_dataset(self, references: Tensor) -> dict[str, Tensor]:
        """Return where in references (n, 2) each data set's samples stand, int64 (m,) ascending, by its name."""


class CrossModalNetwork(MultiTaskModule):
    """Encoders by data set or modality, one shared trunk, one linear head a task or question.

    Everything exists from the start, so nothing grows during a stream, and tasks not yet learned can be evaluated.
    A head that a batch does not need is not computed, so its parameters get no gradient, not a zero one.

    Args:
        bank: gathers samples for references.
        encoders: from samples to embeddings (n, size).
        trunk: from embeddings to features (n, features).
        features: that the heads read.
        heads: the global labels of each head, contiguous and in order.
        visible: for each task label, the heads whose logits are shown.
        noise: the trunk's source of draws.
    """

    def __init__(
        self,
        bank: SampleBank,
        encoders: Encoders,
        trunk: nn.Module,
        features: int,
        heads: Sequence[range],
        visible: Sequence[Sequence[int]],
        noise: Noise,
    ) -> None:
        super().__init__()
        self.bank = bank
        self.encoders = encoders
        self.trunk = trunk
        self.heads = nn.ModuleList(_head(features, len(labels)) for labels in heads)
        self.labels = tuple(heads)
        self.visible = tuple(tuple(shown) for shown in visible)
        self.noise = noise
        self.meter = Meter()

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device

    def forward(self, references: Tensor, task_labels: Tensor | None = EVERY_CLASS) -> Tensor | dict[int, Tensor]:
        """Return logits (n, classes) for references, int64 (n, 2).

        Args:
            references: (data set, row) of each sample.
            task_labels: int64 (n,); classes that a sample's task label hides get HIDDEN_LOGIT. None gives, as in any
                MultiTaskModule, the logits of all samples under each task label trained so far, by label.
        """
        embedding = self.embed(references)
        if task_labels is None:
            features = self._features(embedding)
            return {label: self._logits(features, self.visible[label]) for label in self.known_train_tasks_labels}
        return self.classify(embedding, task_labels)

    def rows_by_encoder(self, references: Tensor) -> dict[str, Tensor]:
        """Return where in references (n, 2) those stand that pass each encoder, int64 (m,) ascending, by its name."""
        found: dict[str, list[Tensor]] = {}
        for dataset, rows in self.bank.rows_by_dataset(references).items():
            found.setdefault(self.encoders.choice[dataset], []).append(rows)
        return {encoder: torch.cat(rows).sort().values for encoder, rows in found.items()}

    def embed(self, references: Tensor) -> Tensor:
        """Return the embeddings (n, size) of references, int64 (n, 2). Draws nothing."""
        self.meter.referred(references)
        groups = self.bank.gather(references)
        for group in groups:
            self.meter.passed(group.name, len(group.inputs))
        parts = [self.encoders(group.name, group.inputs.to(self.device)) for group in groups]
        if groups[0].positions is None:
            return parts[0]
        embedding = parts[0].new_empty(len(references), parts[0].shape[1])
        for group, part in zip(groups, parts, strict=True):
            assert group.positions is not None
            embedding[group.positions.to(self.device)] = part
        return embedding

    def classify(self, embedding: Tensor, task_labels: Tensor = EVERY_CLASS) -> Tensor:
        """Return logits (n, classes) for embeddings (n, size); the trunk draws its noise here."""
        features = self._features(embedding)
        if task_labels is EVERY_CLASS:
            return self._logits(features, range(len(self.heads)))
        labels = task_labels.to(features.device)
        present = labels.unique().tolist()
        if len(present) == 1:
            return self._logits(features, self.visible[present[0]])
        return self._mixed_logits(features, labels)

    def _features(self, embedding: Tensor) -> Tensor:
        features = self.trunk(embedding)
        self.meter.spiked(features, self._ticks * int(getattr(self.trunk, "fan_out", 0)))
        return features

    @property
    def _ticks(self) -> int:
        """Ticks on each input; 0 for a trunk without spikes."""
        return int(getattr(self.trunk, "ticks", 0))

    def _mixed_logits(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return logits where samples differ in their task label: rows by label, then all written in one go.

        The work grows with the labels in the batch, not with labels times heads.
        """
        order = labels.argsort(stable=True)
        present, counts = labels[order].unique_consecutive(return_counts=True)
        sizes = counts.tolist()
        classes = self.labels[-1].stop
        values, places = [], []
        for label, some, rows in zip(present.tolist(), features[order].split(sizes), order.split(sizes), strict=True):
            self._read(some, self.visible[label])
            for head in self.visible[label]:
                values.append(self.heads[head](some).flatten())
                columns = torch.arange(self.labels[head].start, self.labels[head].stop, device=rows.device)
                places.append((rows.unsqueeze(1) * classes + columns).flatten())
        hidden = features.new_full((len(features) * classes,), HIDDEN_LOGIT)
        return hidden.scatter(0, torch.cat(places), torch.cat(values)).view(len(features), classes)

    def _read(self, features: Tensor, shown: Sequence[int]) -> None:
        """Count the spikes that heads read."""
        self.meter.spiked(features, self._ticks * sum(len(self.labels[head]) for head in shown))

    def _logits(self, features: Tensor, shown: Sequence[int]) -> Tensor:
        self._read(features, shown)
        blocks = [
            self.heads[head](features)
            if head in shown
            else features.new_full((len(features), len(labels)), HIDDEN_LOGIT)
            for head, labels in enumerate(self.labels)
        ]
        return torch.cat(blocks, dim=1)


def _head(features: int, classes: int) -> nn.Linear:
    """Return a linear read-out as ChaosNet starts it: Kaiming-normal weights, zero bias."""
    head = nn.Linear(features, classes)
    nn.init.kaiming_normal_(head.weight)
    nn.init.zeros_(head.bias)
    return head


def untrained_parameters(trunk: nn.Module) -> list[str]:
    """Return the names of a trunk's parameters that no gradient reaches, as far as it says so."""
    said = getattr(trunk, "untrained_parameters", None)
    return list(said()) if said is not None else []
