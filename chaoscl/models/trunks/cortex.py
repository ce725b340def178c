"""The cortex: ChaosNet's core of stochastic spiking neurons."""

from collections.abc import Mapping
from typing import Any

from chaoscl.hyper import HyperParameter, Range, Value
from chaoscl.models.trunk import Trunk, TrunkSetup

_README = "ChaosNet, README"
_SHARE = Range(0, 1)


def build(
    setup: TrunkSetup,
    ticks: int,
    mode: str,
    fail_prob: float,
    inhibitory_fraction: float,
    enforce: str,
    **neuron: float,
) -> Any:
    """Return the cortex as a trunk."""
    from chaoscl.cortex import ChaosNeuronParams, CortexParams
    from chaoscl.models.trunk_modules import ChaosTrunk

    params = CortexParams(
        setup.inputs, setup.hidden, ChaosNeuronParams(fail_prob=fail_prob, **neuron), inhibitory_fraction
    )
    return ChaosTrunk(params, ticks, mode, setup.noise, setup.kernel, enforce)  # type: ignore[arg-type]


def fused(values: Mapping[str, Value], hidden: tuple[int, ...]) -> bool:
    """Say whether the fused kernel can count: for one layer, without feedback."""
    return len(hidden) == 1 and values["mode"] != "feedback"


TRUNK = Trunk(
    summary="stochastic spiking neurons: mean spikes over ticks on the same input",
    build=build,
    source="Likara789: ChaosNet. 2025",
    hyper={
        "ticks": HyperParameter(10, f"{_README}, cores 2K and 4K", range=Range(1)),
        "fail_prob": HyperParameter(0.5, f"{_README}, core 2K", range=_SHARE),
        "mode": HyperParameter("recurrent", f"{_README}, the loop", choices=("recurrent", "replica", "feedback")),
        "noise_std": HyperParameter(0.01, _README, range=Range(0)),
        "threshold": HyperParameter(0.5, _README),
        "decay": HyperParameter(0.02, _README, range=_SHARE),
        "refractory_decay": HyperParameter(0.95, _README, range=_SHARE),
        "inhibitory_fraction": HyperParameter(0.2, _README, range=_SHARE),
        "enforce": HyperParameter("never", "no published script calls it", choices=("never", "step", "epoch")),
    },
    fused=fused,
)
