"""The step function: binary units without noise, with the cortex' surrogate gradient."""

from typing import Any

from chaoscl.hyper import HyperParameter
from chaoscl.models.trunk import Trunk, TrunkSetup


def build(setup: TrunkSetup, threshold: float) -> Any:
    """Return layers of step functions."""
    from chaoscl.models.trunk_modules import BinaryTrunk

    return BinaryTrunk(setup.inputs, setup.hidden, 0.0, threshold, setup.noise)


TRUNK = Trunk(
    summary="binary units without noise, the cortex' surrogate gradient",
    build=build,
    source="Esser et al. 2016, PNAS 113",
    hyper={"threshold": HyperParameter(0.5, "the cortex'")},
)
