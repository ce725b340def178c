"""A whole training step on images, encoder to optimiser, beside the reference implementation's."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams
from chaoscl.models.encoder_modules import Encoders, ImageEncoder, Normalise
from chaoscl.runs.allocator import keep_freed_memory
from timing import cortex, reference
from timing.measure import Goal, Measured, Step, ratios, scaled, take_turns
from timing.setup import CoreModel, chaos_models

BATCH = 128
SHAPE = (1, 28, 28)
CLASSES = 10
CLIP = 1.0
"""Norm to which gradients are clipped."""
_DATA = "digits"
_GOALS: dict[str, Goal] = {"float32": Goal("at least", 1.6), "bfloat16": Goal("at least", 2.3)}
_SHARE = Goal("at most", 5.0)


def measure(rounds: int) -> list[Measured]:
    """Return the step of chaos2k and chaos4k, batch 128 of 28 x 28 grey images, one thread."""
    return [row for model in chaos_models() if model.name in cortex.MAIN for row in _step_of(model, rounds)]


def _step_of(model: CoreModel, rounds: int) -> list[Measured]:
    """Return the time of a step, what our encoder gains in each precision, and the share of the cortex."""
    keep_freed_memory()
    params = CortexParams(model.embedding, [model.hidden], ChaosNeuronParams(fail_prob=model.fail_prob))
    ours = ChaosCortex(params)
    x = torch.rand(BATCH, model.embedding, requires_grad=True)
    steps: dict[str, Step] = {
        reference.NAME: _reference_step(model, ChaosCortex(params, "torch")),
        **{precision: _our_step(model, ours, precision) for precision in _GOALS},
        "core": lambda: ours.integrate(x, model.ticks).sum().backward(),
    }
    times = take_turns(steps, rounds)
    name, slow = f"{model.name}, training step on images", times[reference.NAME]
    share = scaled(ratios(times["core"], times["float32"]), 100)
    return [
        Measured(f"{name}: {reference.NAME}", scaled(slow, 1e3), "ms"),
        *(
            Measured(f"{name}: encoder in {one}", ratios(slow, times[one]), "times as fast", reference.NAME, goal)
            for one, goal in _GOALS.items()
        ),
        Measured(f"{name}: the core's share", share, "percent", "the step, float32", _SHARE),
    ]


def _reference_step(model: CoreModel, cortex: ChaosCortex) -> Step:
    """Return a step of the reference implementation: AdamW and clipping go through the tensors one by one."""
    encoder, head = reference.image_encoder(SHAPE, model.embedding, model.channels), nn.Linear(model.hidden, CLASSES)

    def logits(images: Tensor) -> Tensor:
        pixels = (images.float() / 255 - 0.5) / 0.5
        return head(reference.over_time(cortex, encoder(pixels), model.ticks))

    return _step(logits, nn.ModuleList([encoder, cortex, head]), fused=False)


def _our_step(model: CoreModel, cortex: ChaosCortex, precision: str) -> Step:
    """Return a step as a run takes it, with a fused optimiser."""
    encoder = ImageEncoder(SHAPE, model.embedding, model.channels, "flatten", cortex.kernel_for("recurrent"))
    encoders = Encoders({_DATA: encoder}, {_DATA: Normalise((0.5,), (0.5,))}, {_DATA: _DATA}, precision)
    head = nn.Linear(model.hidden, CLASSES)

    def logits(images: Tensor) -> Tensor:
        return head(cortex.integrate(encoders(_DATA, images), model.ticks))

    return _step(logits, nn.ModuleList([encoders, cortex, head]), fused=True)


def _step(logits: Callable[[Tensor], Tensor], network: nn.Module, fused: bool) -> Step:
    """Return a training step on one batch of random images: gradients, clipping, AdamW."""
    images, targets = torch.randint(256, (BATCH, *SHAPE), dtype=torch.uint8), torch.randint(CLASSES, (BATCH,))
    parameters = list(network.parameters())
    optimiser = torch.optim.AdamW(parameters, foreach=False, fused=fused)

    def step() -> None:
        optimiser.zero_grad()
        cross_entropy(logits(images), targets).backward()
        nn.utils.clip_grad_norm_(parameters, CLIP, foreach=None if fused else False)
        optimiser.step()

    return step
