"""Building a named model for a stream, and counting its parameters."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from chaoscl.cortex import ChaosNeuronParams, CortexParams
from chaoscl.models.encoders import (
    Encoders,
    ImageEncoder,
    Normalise,
    PixelEncoder,
    Renumber,
    TextEncoder,
    merge_vocabularies,
)
from chaoscl.models.network import CrossModalNetwork, SampleBank
from chaoscl.models.trunks import ChaosTrunk, MLPTrunk, Noise
from chaoscl.models.zoo import ModelOptions, ModelSpec

CANVAS = (3, 32, 32)
"""Shape to which all images are brought when they share one encoder."""


class StreamCard(Protocol):
    """What a model needs to know of a data set; see chaoscl.data.cards.Card."""

    @property
    def modality(self) -> str:
        """``text`` or ``image``."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one prepared sample."""

    @property
    def mean(self) -> tuple[float, ...]:
        """Of the pixels, a channel."""

    @property
    def std(self) -> tuple[float, ...]:
        """Of the pixels, a channel."""


def build_model(
    spec: ModelSpec,
    options: ModelOptions,
    bank: SampleBank,
    cards: Mapping[str, StreamCard],
    vocabularies: Mapping[str, Sequence[str]],
    heads: Sequence[range],
    visible: Sequence[Sequence[int]],
    seed: int,
) -> CrossModalNetwork:
    """Build a model for a stream. The global random state is left as it was.

    Args:
        spec: the named model.
        options: its variations.
        bank: gathers the stream's samples.
        cards: of the stream's data sets, by name.
        vocabularies: of the text data sets, by name.
        heads: the global labels of each head.
        visible: for each task label, the heads it shows.
        seed: of the initial weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        noise = Noise()
        encoders = _build_encoders(spec, options, cards, vocabularies)
        trunk: ChaosTrunk | MLPTrunk
        if spec.trunk == "chaos":
            neuron = ChaosNeuronParams(fail_prob=spec.fail_prob)
            params = CortexParams(spec.embedding, [spec.hidden], neuron)
            trunk = ChaosTrunk(params, spec.ticks, options.mode, noise, options.kernel)
        else:
            trunk = MLPTrunk(spec.embedding, spec.hidden, spec.depth)
        network = CrossModalNetwork(bank, encoders, trunk, spec.hidden, heads, visible, noise)
        network.meter.per_sample = _macs(network, cards)
        return network


def _macs(network: CrossModalNetwork, cards: Mapping[str, StreamCard]) -> dict[str, int]:
    """Return the multiply-accumulates of one sample's forward pass, all heads counted, by data set."""
    counts = {}
    with _as_defined(network), torch.no_grad():
        for name, card in cards.items():
            sample = torch.zeros((1, *card.shape), dtype=torch.int64 if card.modality == "text" else torch.uint8)
            with network.meter.paused(), FlopCounterMode(display=False) as counter:
                network.classify(network.encoders(name, sample))
            counts[name] = counter.get_total_flops() // 2
    return counts


@contextmanager
def _as_defined(network: CrossModalNetwork) -> Iterator[None]:
    """Evaluate, with torch's own convolutions: what a fused pass multiplies is counted by nobody."""
    modes = {module: module.training for module in network.modules()}
    kernels = {module: module.kernel for module in modes if isinstance(module, ImageEncoder)}
    network.eval()
    for encoder in kernels:
        encoder.kernel = "torch"
    yield
    for module, training in modes.items():
        module.training = training
    for encoder, kernel in kernels.items():
        encoder.kernel = kernel


def _build_encoders(
    spec: ModelSpec,
    options: ModelOptions,
    cards: Mapping[str, StreamCard],
    vocabularies: Mapping[str, Sequence[str]],
) -> Encoders:
    shared = options.encoders == "modality"
    encoders: dict[str, nn.Module] = {}
    adapters: dict[str, nn.Module] = {}
    size, numbers = merge_vocabularies(vocabularies)
    for name, card in cards.items():
        key = card.modality if shared else name
        if card.modality == "text":
            adapters[name] = Renumber(numbers[name]) if shared else nn.Identity()
            if key not in encoders:
                encoders[key] = TextEncoder(size if shared else len(vocabularies[name]), spec.embedding)
        else:
            raw = not spec.channels
            mean, std = ([0.0], [1.0]) if raw else (card.mean, card.std)
            adapters[name] = Normalise(mean, std, CANVAS if shared else None)
            if key not in encoders:
                shape = CANVAS if shared else card.shape
                encoders[key] = (
                    PixelEncoder(shape, spec.embedding)
                    if raw
                    else ImageEncoder(shape, spec.embedding, spec.channels, options.image_pool, options.kernel)
                )
    choice = {name: card.modality if shared else name for name, card in cards.items()}
    return Encoders(encoders, adapters, choice, options.precision)


@dataclass(frozen=True)
class Part:
    """Parameters of one part of a model.

    Attributes:
        name: such as ``encoder mnist`` or ``trunk cortex.layers.0.w_in``.
        parameters: how many there are.
        trained: whether any gradient reaches them.
        shared: whether several tasks use them.
    """

    name: str
    parameters: int
    trained: bool = True
    shared: bool = False


def parts(network: CrossModalNetwork) -> list[Part]:
    """Return the exact parameter counts of a network by part, those without a gradient included."""
    untrained = set(network.trunk.untrained_parameters())
    users = list(network.encoders.choice.values())
    return [
        *(
            Part(f"encoder {key}", _size(encoder), shared=users.count(key) > 1)
            for key, encoder in network.encoders.encoders.items()
        ),
        *(
            Part(f"trunk {name}", parameter.numel(), name not in untrained and parameter.requires_grad, shared=True)
            for name, parameter in network.trunk.named_parameters()
        ),
        *(Part(f"head {number + 1}", _size(head)) for number, head in enumerate(network.heads)),
    ]


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
