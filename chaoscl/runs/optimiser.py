"""The optimiser of every baseline: AdamW that carries the recipe, so that strategies need not know it."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from chaoscl.runs.recipes import Settings


class RecipeAdamW(torch.optim.AdamW):
    """AdamW (Loshchilov & Hutter 2019) with a constant or one-cycle rate, gradient clipping and accumulation.

    A strategy calls ``zero_grad`` and ``step`` once a batch, as with any optimiser. ``begin`` starts an experience
    with fresh state, unless the recipe keeps it: moments of an earlier task would move weights that the present one
    leaves alone.

    Args:
        parameters: all parameters of the model.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        super().__init__(parameters, fused=True)
        self.steps = 0
        self._waiting = 0
        self._sums: dict[nn.Parameter, torch.Tensor] = {}
        self._batches_left = 0
        self._settings: Settings | None = None
        self._schedule: OneCycleLR | None = None

    def begin(self, settings: Settings, batches: int) -> None:
        """Start an experience of ``batches`` batches: state cleared or kept, schedule at its beginning."""
        if settings.fresh:
            self.state = defaultdict(dict)
        self._settings, self._batches_left, self._waiting, self._sums = settings, batches, 0, {}
        for group in self.param_groups:
            group.update(weight_decay=settings.weight_decay, lr=settings.max_lr, betas=(0.9, 0.999))
            for key in ("initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum"):
                group.pop(key, None)
        self._schedule = None
        if settings.rise is not None:
            # The cycle needs a rising and a falling part of at least one step each.
            length = max(batches, math.ceil(2 / min(settings.rise, 1 - settings.rise)))
            self._schedule = OneCycleLR(self, settings.max_lr, total_steps=length, pct_start=settings.rise)

    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """Count a batch; take a step when enough gradients are accumulated, or with the last batch."""
        if self._settings is None:
            raise RuntimeError("begin() must be called before the first step")
        self._batches_left -= 1
        if self._settings.accumulation > 1 and not self._accumulated():
            return None
        parameters = self._with_gradient()
        if self._settings.clip is not None:
            nn.utils.clip_grad_norm_(parameters, self._settings.clip)
        result = super().step(closure)
        self.steps += 1
        if self._schedule is not None and self._schedule.last_epoch + 1 < self._schedule.total_steps:
            self._schedule.step()
        return result

    def _accumulated(self) -> bool:
        """Add the batch's gradients to the sums; say whether a step is due, with the means as gradients.

        The sums are kept apart from the gradients, which strategies clear and use as they like between two batches.
        """
        assert self._settings is not None
        self._waiting += 1
        for parameter in self._with_gradient():
            assert parameter.grad is not None
            if parameter in self._sums:
                self._sums[parameter] += parameter.grad
            else:
                self._sums[parameter] = parameter.grad.clone()
        if self._waiting < self._settings.accumulation and self._batches_left > 0:
            return False
        for parameter, total in self._sums.items():
            parameter.grad = total / self._waiting
        self._sums, self._waiting = {}, 0
        return True

    def _with_gradient(self) -> list[nn.Parameter]:
        return [p for group in self.param_groups for p in group["params"] if p.grad is not None]
