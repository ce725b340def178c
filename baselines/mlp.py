"""The MLP of the same widths under naive fine-tuning: what does the cortex do that a Linear + ReLU does not?"""

from typing import Any

from chaoscl.models import counterpart
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup) -> Any:
    """Return Avalanche's Naive strategy."""
    from avalanche.training.supervised import Naive

    return Naive(**setup.options())


BASELINE = Baseline(
    summary="the MLP with the same encoders, heads and widths, under naive fine-tuning",
    build=build,
    source="Avalanche 0.6.0, Naive",
    model=counterpart,
)
