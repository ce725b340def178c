"""A gated recurrent unit of the cortex' widths: the usual recurrent network in its place."""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.models.trunk import Trunk, TrunkSetup


def build(setup: TrunkSetup, ticks: int) -> Any:
    """Return gated recurrent units."""
    from chaoscl.models.trunk_modules import GRUTrunk

    return GRUTrunk(setup.inputs, setup.hidden, ticks)


TRUNK = Trunk(
    summary="gated recurrent units that read the same input at each tick",
    build=build,
    source="Cho et al. 2014, arXiv:1406.1078",
    hyper={"ticks": HyperParameter(10, "as the cortex", range=Range(1))},
)
