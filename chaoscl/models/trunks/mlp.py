"""The control: linear layers with ReLU of the cortex' widths, no noise, no ticks, no spikes."""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.models.trunk import Trunk, TrunkSetup


def build(setup: TrunkSetup, dropout: float, dropout_in: str) -> Any:
    """Return the multi-layer perceptron."""
    from chaoscl.models.trunk_modules import MLPTrunk

    return MLPTrunk(setup.inputs, setup.hidden, dropout, dropout_in == "always", setup.noise)


TRUNK = Trunk(
    summary="Linear + ReLU, with dropout if asked for",
    build=build,
    source="dropout: Srivastava et al. 2014, JMLR 15; kept in evaluation: Gal & Ghahramani 2016, arXiv:1506.02142",
    hyper={
        "dropout": HyperParameter(0.0, "none", range=Range(0, 0.99)),
        "dropout_in": HyperParameter("training", "Srivastava et al. 2014", choices=("training", "always")),
    },
)
