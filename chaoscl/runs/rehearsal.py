"""Avalanche's rehearsal strategies, replaying whatever their memory holds."""

from typing import Any

import torch
from avalanche.training.supervised import DER, ER_ACE
from avalanche.training.utils import cycle
from torch import Tensor
from torch.utils.data import DataLoader, RandomSampler

from chaoscl.models.network import HIDDEN_LOGIT


class _SmallMemory:
    """Replays a memory that is smaller than a memory batch, by drawing from it with replacement.

    Avalanche's DER and ER-ACE replay only while the memory holds a whole memory batch: with small first tasks or a rare
    class they would train as naive fine-tuning does.
    """

    def _before_training_exp(self: Any, **kwargs: Any) -> None:
        super()._before_training_exp(**kwargs)  # type: ignore[misc]
        buffer = self.storage_policy.buffer
        if self.replay_loader is None and len(buffer) and self.experience.current_experience > 0:
            draws = RandomSampler(buffer, replacement=True, num_samples=self.batch_size_mem)
            self.replay_loader = cycle(DataLoader(buffer, batch_size=self.batch_size_mem, sampler=draws))


class SmallMemoryERACE(_SmallMemory, ER_ACE):
    """Avalanche's ER-ACE with a memory of any size."""


class UnmaskedDER(_SmallMemory, DER):
    """Avalanche's DER with a memory of any size, and a distance over the classes that a sample's task label shows.

    Avalanche averages the squared distance to the stored logits over all classes of the stream, those that the task
    label masks included: there both sides differ by a constant, and alpha is diluted by the share of classes shown.
    """

    def __init__(self, *, alpha: float, **options: Any) -> None:
        super().__init__(alpha=alpha, **options)
        self.batch_logits: Tensor
        self._alpha = alpha

    def _after_forward(self, **kwargs: Any) -> None:
        super()._after_forward(**kwargs)
        if self.replay_loader is None:
            return
        output: Tensor = self.mb_output[: self.batch_size_mem]
        shown = output.detach() != HIDDEN_LOGIT
        # Where a class is masked, both sides are the same; the mean over all classes becomes one over those shown.
        self.batch_logits = torch.where(shown, self.batch_logits, HIDDEN_LOGIT)
        self.alpha = self._alpha * shown.numel() / int(shown.sum())
