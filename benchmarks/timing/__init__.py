"""How fast the suite is: paired timings beside the published way, peers and goals. What benchmarks/speed.py runs."""

from collections.abc import Callable, Sequence

import pandas as pd

from timing import batched_fetch, cortex, encoder, growth, memory, startup
from timing.measure import Measured
from timing.schema import SPEED

PARTS: dict[str, Callable[[int], list[Measured]]] = {
    "cortex": cortex.measure,
    "encoder": encoder.measure,
    "feeding": batched_fetch.measure,
    "growth": growth.measure,
    "memory": memory.measure,
    "start-up": startup.measure,
}
"""What there is to measure: a function of the number of rounds for each part."""


def table(measured: Sequence[Measured]) -> pd.DataFrame:
    """Return measured values as the rows of speed.csv."""
    rows = [
        (
            one.part,
            one.case,
            one.value,
            one.low,
            one.high,
            one.unit,
            one.against,
            one.rounds,
            "" if one.goal is None else f"{one.goal.direction} {one.goal.value:g}",
            "" if one.goal is None else "yes" if one.goal.met(one.value) else "no",
        )
        for one in measured
    ]
    return pd.DataFrame(rows, columns=[column.name for column in SPEED.columns])
