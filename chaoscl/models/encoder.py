"""The contract of an encoder, from prepared samples to an embedding, and the registry: one file each in ``encoders/``.

torch is imported inside ``build``, because importing it takes seconds and lists of models should not.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from chaoscl.errors import UserError
from chaoscl.hyper import HyperParameter, check_all
from chaoscl.registry import Origin, Registry

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class EncoderSetup:
    """What an encoder is built from.

    Attributes:
        shape: of one sample: (channels, height, width) or (tokens,).
        vocabulary: number of tokens, padding (0) and unknown (1) included (texts).
        size: width of the embedding.
        kernel: ``torch``, or ``fused`` where the encoder has a faster way.
    """

    shape: tuple[int, ...]
    vocabulary: int
    size: int
    kernel: str = "torch"


@dataclass(frozen=True)
class Encoder:
    """A kind of encoder.

    Attributes:
        modality: ``text`` or ``image``.
        summary: one line for lists.
        build: makes, from an EncoderSetup and the hyper-parameters' values, a module that maps samples to embeddings
            (n, size): texts come as int tokens (n, tokens), images as float pixels (n, channels, height, width).
        source: what to cite.
        hyper: hyper-parameters by name.
        normalise: whether pixels come with the data set's mean 0 and deviation 1, or in 0..1.
        fused: whether a fused kernel exists.
        name: in commands and tables; by default that of the file.
        origin: where it was defined; set by the registry.
    """

    modality: Literal["text", "image"]
    summary: str
    build: "Callable[..., nn.Module]"
    source: str = ""
    hyper: Mapping[str, HyperParameter] = field(default_factory=dict)
    normalise: bool = True
    fused: bool = False
    name: str = ""
    origin: Origin = field(default_factory=Origin, compare=False)

    def __post_init__(self) -> None:
        check_all(self.hyper)


def _own() -> Iterable[Encoder]:
    """Return the package's own encoders."""
    from chaoscl.models.encoders import OWN

    return OWN


ENCODERS: Registry[Encoder] = Registry("encoder", Encoder, _own)


def sizes_of(name: str, text: str, count: int = 0) -> tuple[int, ...]:
    """Return the whole numbers of a hyper-parameter such as ``32+64``.

    Args:
        name: of the hyper-parameter, for messages.
        text: numbers of at least 1, separated by ``+``.
        count: how many there must be; 0 for any number of them.

    Raises:
        UserError: they are not such numbers.
    """
    parts = text.split("+")
    if not all(part.isdecimal() and int(part) > 0 for part in parts) or (count and len(parts) != count):
        wanted = f"{count} whole numbers" if count else "whole numbers"
        raise UserError(f"{name}={text}: {wanted} of at least 1, separated by +, are needed, such as 32+64")
    return tuple(map(int, parts))
