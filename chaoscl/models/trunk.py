"""The contract of a trunk, the part that all tasks share, and the registry of trunks: one file each in ``trunks/``.

torch is imported inside ``build``, because importing it takes seconds and lists of models should not.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chaoscl.hyper import HyperParameter, Value, check_all
from chaoscl.registry import Origin, Registry

if TYPE_CHECKING:
    from torch import nn

    from chaoscl.models.noise import Noise


@dataclass(frozen=True)
class TrunkSetup:
    """What a trunk is built from.

    Attributes:
        inputs: width of the embedding.
        hidden: widths of the layers, first to last.
        noise: source of random draws; a stochastic trunk draws from ``noise.generator`` in ``forward``.
        kernel: ``torch``, or ``fused`` where the trunk has a faster way.
    """

    inputs: int
    hidden: tuple[int, ...]
    noise: "Noise"
    kernel: str = "torch"


def never_fused(values: Mapping[str, Value], hidden: tuple[int, ...]) -> bool:
    """Return False: there is no fused kernel."""
    return False


def last_width(inputs: int, hidden: tuple[int, ...]) -> int:
    """Return the width of the last layer."""
    return hidden[-1]


@dataclass(frozen=True)
class Trunk:
    """A kind of trunk.

    Attributes:
        summary: one line for lists.
        build: makes, from a TrunkSetup and the hyper-parameters' values, a module that maps embeddings (n, inputs) to
            features (n, width). It may have ``ticks`` and ``fan_out`` (spikes are counted as ticks * fan_out operations
            each), ``untrained_parameters()`` (names of parameters that no gradient reaches), and ``after_step()`` and
            ``after_epoch()``, which are called then in training.
        source: what to cite.
        hyper: hyper-parameters by name.
        width: of the features, from the embedding's width and those of the layers.
        fused: whether a fused kernel exists for these values and layers.
        name: in commands and tables; by default that of the file.
        origin: where it was defined; set by the registry.
    """

    summary: str
    build: "Callable[..., nn.Module]"
    source: str = ""
    hyper: Mapping[str, HyperParameter] = field(default_factory=dict)
    width: Callable[[int, tuple[int, ...]], int] = last_width
    fused: Callable[[Mapping[str, Value], tuple[int, ...]], bool] = never_fused
    name: str = ""
    origin: Origin = field(default_factory=Origin, compare=False)

    def __post_init__(self) -> None:
        check_all(self.hyper)


def _own() -> Iterable[Trunk]:
    """Return the package's own trunks."""
    from chaoscl.models.trunks import OWN

    return OWN


TRUNKS: Registry[Trunk] = Registry("trunk", Trunk, _own)
