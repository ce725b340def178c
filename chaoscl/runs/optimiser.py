"""The optimiser of every baseline: AdamW that carries the recipe, so that strategies need not know it."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from chaoscl.runs.recipes import Settings


class _Phase:
    """The training of one task: its settings, its rate so far, the gradients that wait for a step.

    Args:
        settings: how the task is trained.
        batches: how many batches it has.
    """

    def __init__(self, settings: Settings, batches: int) -> None:
        self.settings = settings
        self.batches_left = batches
        self.waiting = 0
        self.sums: dict[nn.Parameter, torch.Tensor] = {}
        # The schedule acts on an optimiser of its own, so that tasks learned together each keep their place in theirs.
        self._carrier = torch.optim.AdamW([nn.Parameter(torch.zeros(1))], lr=settings.max_lr)
        self._schedule: OneCycleLR | None = None
        if settings.rise is not None:
            # The cycle needs a rising and a falling part of at least one step each.
            length = max(batches, math.ceil(2 / min(settings.rise, 1 - settings.rise)))
            self._schedule = OneCycleLR(self._carrier, settings.max_lr, total_steps=length, pct_start=settings.rise)

    def apply(self, groups: Sequence[dict[str, Any]]) -> None:
        """Set the rate, the betas and the weight decay of the coming step."""
        own = self._carrier.param_groups[0]
        for group in groups:
            group.update(lr=own["lr"], betas=own["betas"], weight_decay=self.settings.weight_decay)

    def advance(self) -> None:
        """Go on by one step of the schedule."""
        if self._schedule is not None and self._schedule.last_epoch + 1 < self._schedule.total_steps:
            self._carrier.step()
            self._schedule.step()


class RecipeAdamW(torch.optim.AdamW):
    """AdamW (Loshchilov & Hutter 2019) with a constant or one-cycle rate, gradient clipping and accumulation.

    A strategy calls ``zero_grad`` and ``step`` once a batch, as with any optimiser. ``begin`` starts an experience
    with fresh state, unless the recipe keeps it: moments of an earlier task would move weights that the present one
    leaves alone. Tasks that are learned together have a phase each, and ``select`` says whose batch comes next.

    Args:
        parameters: all parameters of the model.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        super().__init__(parameters, fused=True)
        self.steps = 0
        self._phases: list[_Phase] = []
        self._selected = 0

    def begin(self, settings: Settings, batches: int) -> None:
        """Start an experience of ``batches`` batches: state cleared or kept, schedule at its beginning."""
        self.begin_together([(settings, batches)])

    def begin_together(self, tasks: Sequence[tuple[Settings, int]]) -> None:
        """Start several tasks at once, each with its settings and its number of batches."""
        if tasks[0][0].fresh:
            self.state = defaultdict(dict)
        self._phases = [_Phase(settings, batches) for settings, batches in tasks]
        self.select(0)

    def select(self, task: int) -> None:
        """Say that the coming batch is one of this task, counted from 0."""
        self._selected = task
        self._phases[task].apply(self.param_groups)

    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """Count a batch; take a step when enough gradients are accumulated, or with the task's last batch."""
        if not self._phases:
            raise RuntimeError("begin() must be called before the first step")
        phase = self._phases[self._selected]
        phase.batches_left -= 1
        if phase.settings.accumulation > 1 and not self._accumulated(phase):
            return None
        if phase.settings.clip is not None:
            nn.utils.clip_grad_norm_(self._with_gradient(), phase.settings.clip)
        result = super().step(closure)
        self.steps += 1
        phase.advance()
        phase.apply(self.param_groups)
        return result

    def _accumulated(self, phase: _Phase) -> bool:
        """Add the batch's gradients to the sums; say whether a step is due, with the means as gradients.

        The sums are kept apart from the gradients, which strategies clear and use as they like between two batches.
        """
        phase.waiting += 1
        for parameter in self._with_gradient():
            assert parameter.grad is not None
            if parameter in phase.sums:
                phase.sums[parameter] += parameter.grad
            else:
                phase.sums[parameter] = parameter.grad.clone()
        if phase.waiting < phase.settings.accumulation and phase.batches_left > 0:
            return False
        for parameter, total in phase.sums.items():
            parameter.grad = total / phase.waiting
        phase.sums, phase.waiting = {}, 0
        return True

    def _with_gradient(self) -> list[nn.Parameter]:
        return [p for group in self.param_groups for p in group["params"] if p.grad is not None]
