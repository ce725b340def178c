"""One stochastic binary unit a neuron, with the cortex' surrogate gradient: a cortex without time."""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.models.trunk import Trunk, TrunkSetup


def build(setup: TrunkSetup, noise_std: float, threshold: float) -> Any:
    """Return layers of binary units."""
    from chaoscl.models.trunk_modules import BinaryTrunk

    return BinaryTrunk(setup.inputs, setup.hidden, noise_std, threshold, setup.noise)


TRUNK = Trunk(
    summary="one binary unit a neuron, Gaussian noise before the threshold, the cortex' surrogate gradient",
    build=build,
    source="Esser et al. 2016, PNAS 113; Bengio, Leonard & Courville 2013, arXiv:1308.3432",
    hyper={
        "noise_std": HyperParameter(0.5, "as large as the threshold, so that most units are uncertain", range=Range(0)),
        "threshold": HyperParameter(0.5, "the cortex'"),
    },
)
