"""Building a named model for a stream, and counting its parameters."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from chaoscl.models.encoder import EncoderSetup
from chaoscl.models.encoder_modules import Encoders, ImageEncoder, Normalise, Renumber, merge_vocabularies
from chaoscl.models.network import CrossModalNetwork, SampleBank, untrained_parameters
from chaoscl.models.noise import Noise
from chaoscl.models.trunk import TrunkSetup
from chaoscl.models.zoo import Model

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
    model: Model,
    bank: SampleBank,
    cards: Mapping[str, StreamCard],
    vocabularies: Mapping[str, Sequence[str]],
    heads: Sequence[range],
    visible: Sequence[Sequence[int]],
    seed: int,
    kernel: str = "torch",
    precision: str = "float32",
) -> CrossModalNetwork:
    """Build a model for a stream. The global random state is left as it was.

    Args:
        model: what is built.
        bank: gathers the stream's samples.
        cards: of the stream's data sets, by name.
        vocabularies: of the text data sets, by name.
        heads: the global labels of each head.
        visible: for each task label, the heads it shows.
        seed: of the initial weights.
        kernel: ``torch`` or ``fused``; see chaoscl.models.kernel.
        precision: in which the encoders compute, ``float32`` or ``bfloat16``; weights are float32 always.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        noise = Noise()
        encoders = _build_encoders(model, cards, vocabularies, kernel, precision)
        setup = TrunkSetup(model.embedding, model.hidden, noise, kernel)
        trunk = model.trunk.build(setup, **model.values_of(model.trunk))
        features = model.trunk.width(model.embedding, model.hidden)
        network = CrossModalNetwork(bank, encoders, trunk, features, heads, visible, noise)
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
    model: Model,
    cards: Mapping[str, StreamCard],
    vocabularies: Mapping[str, Sequence[str]],
    kernel: str,
    precision: str,
) -> Encoders:
    """Return the encoders of all data sets, built in the order of the stream."""
    shared = model.encoders == "modality"
    encoders: dict[str, nn.Module] = {}
    adapters: dict[str, nn.Module] = {}
    size, numbers = merge_vocabularies(vocabularies)
    for name, card in cards.items():
        key = card.modality if shared else name
        if card.modality == "text":
            kind, tokens, shape = model.text, size if shared else len(vocabularies[name]), card.shape
            adapters[name] = Renumber(numbers[name]) if shared else nn.Identity()
        else:
            kind, tokens, shape = model.image, 0, CANVAS if shared else card.shape
            mean, std = (card.mean, card.std) if kind.normalise else ([0.0], [1.0])
            adapters[name] = Normalise(mean, std, CANVAS if shared else None)
        if key not in encoders:
            setup = EncoderSetup(shape, tokens, model.embedding, kernel)
            encoders[key] = kind.build(setup, **model.values_of(kind))
    choice = {name: card.modality if shared else name for name, card in cards.items()}
    return Encoders(encoders, adapters, choice, precision)


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
    untrained = set(untrained_parameters(network.trunk))
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
