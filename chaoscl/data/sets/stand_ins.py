"""Synthetic stand-ins for the six real data sets, as rows of a split."""

from chaoscl.data.raw import RawSplit


def generate(name: str, split: str) -> RawSplit:
    """Return the synthetic rows that stand in for a data set; see chaoscl.data.embedded."""
    from chaoscl.data import embedded

    return RawSplit(*embedded.generate(name, split))  # type: ignore[arg-type]


def version() -> str:
    """Return what changes whenever the synthetic rows do."""
    from chaoscl.data import embedded

    return f"embedded-{embedded.GENERATOR_VERSION}"
