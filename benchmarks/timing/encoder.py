"""A whole training step on images: encoder, core, head, loss, clipping and AdamW, against the published way."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams
from chaoscl.models import ZOO, ModelSpec
from chaoscl.models.encoders import Encoders, ImageEncoder, Normalise
from chaoscl.models.zoo import Precision
from chaoscl.runs.allocator import keep_freed_memory
from timing import reference
from timing.measure import Goal, Measured, Step, ratio, summary, take_turns

PART = "encoder"
BATCH = 128
SHAPE = (1, 28, 28)
CLASSES = 10
_DATA = "digits"
_GOALS: dict[Precision, Goal] = {"float32": Goal("at least", 1.6), "bfloat16": Goal("at least", 2.3)}
_SHARE = Goal("at most", 5.0)


def measure(rounds: int) -> list[Measured]:
    """Return the step of chaos2k and chaos4k, batch 128 of 28 x 28 grey images, one thread."""
    return [row for name in ("chaos2k", "chaos4k") for row in _step_of(ZOO[name], rounds)]


def _step_of(spec: ModelSpec, rounds: int) -> list[Measured]:
    keep_freed_memory()
    images = torch.randint(256, (BATCH, *SHAPE), dtype=torch.uint8)
    targets = torch.randint(CLASSES, (BATCH,))
    params = CortexParams(spec.embedding, [spec.hidden], ChaosNeuronParams(fail_prob=spec.fail_prob))
    ours = ChaosCortex(params)
    x = torch.rand(BATCH, spec.embedding, requires_grad=True)
    steps: dict[str, Step] = {"published": _published(spec, ChaosCortex(params, "torch"), images, targets)}
    for precision in _GOALS:
        steps[precision] = _ours(spec, ours, precision, images, targets)
    steps["core"] = lambda: ours.integrate(x, spec.ticks).sum().backward()
    times = take_turns(steps, rounds)
    name = f"{spec.name}, training step on images"
    rows = [summary(PART, f"{name}: the published way", [1e3 * one for one in times["published"]], "ms")]
    for precision, goal in _GOALS.items():
        rows.append(
            ratio(
                PART,
                f"{name}: encoder in {precision}",
                times["published"],
                times[precision],
                against="the published way",
                goal=goal,
            )
        )
    share = [100 * a / b for a, b in zip(times["core"], times["float32"], strict=True)]
    rows.append(summary(PART, f"{name}: the core's share", share, "percent", against="the step, float32", goal=_SHARE))
    return rows


def _published(spec: ModelSpec, cortex: ChaosCortex, images: Tensor, targets: Tensor) -> Step:
    encoder = reference.image_encoder(SHAPE, spec.embedding, spec.channels)
    head = nn.Linear(spec.hidden, CLASSES)
    parameters = list(nn.ModuleList([encoder, cortex, head]).parameters())
    logits = partial(_published_logits, encoder, cortex, head, spec.ticks)
    return _step(logits, images, targets, reference.optimiser(parameters), lambda: reference.clip(parameters))


def _published_logits(encoder: nn.Module, cortex: ChaosCortex, head: nn.Module, ticks: int, images: Tensor) -> Tensor:
    pixels = (images.float() / 255 - 0.5) / 0.5
    return head(reference.over_time(cortex, encoder(pixels), ticks))


def _ours(spec: ModelSpec, cortex: ChaosCortex, precision: Precision, images: Tensor, targets: Tensor) -> Step:
    encoder = ImageEncoder(SHAPE, spec.embedding, spec.channels, "flatten", cortex.kernel_for("recurrent"))
    encoders = Encoders({_DATA: encoder}, {_DATA: Normalise((0.5,), (0.5,))}, {_DATA: _DATA}, precision)
    head = nn.Linear(spec.hidden, CLASSES)
    parameters = [*encoders.parameters(), *cortex.parameters(), *head.parameters()]

    def logits(images: Tensor) -> Tensor:
        return head(cortex.integrate(encoders(_DATA, images), spec.ticks))

    optimiser = torch.optim.AdamW(parameters, fused=True)
    return _step(logits, images, targets, optimiser, lambda: nn.utils.clip_grad_norm_(parameters, reference.CLIP))


def _step(
    logits: Callable[[Tensor], Tensor],
    images: Tensor,
    targets: Tensor,
    optimiser: torch.optim.Optimizer,
    clip: Callable[[], object],
) -> Step:
    def step() -> None:
        optimiser.zero_grad()
        cross_entropy(logits(images), targets).backward()
        clip()
        optimiser.step()

    return step
