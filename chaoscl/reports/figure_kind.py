"""The contract of a figure, and the registry of figures; apart from those that draw, because they import matplotlib."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chaoscl.registry import Origin, Registry

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chaoscl.reports.results import Results


@dataclass(frozen=True)
class FigureKind:
    """A kind of figure of one results folder.

    Attributes:
        title: what it shows, for a heading.
        draw: from the folder's results to the figure; it raises NotDrawnError where they do not allow it.
        name: of its files; by default that of the file that defines it.
        origin: where it was defined; set by the registry.
    """

    title: str
    draw: "Callable[[Results], Figure]"
    name: str = ""
    origin: Origin = field(default_factory=Origin, compare=False)


def _own() -> Iterable[FigureKind]:
    """Return the package's own figures."""
    from chaoscl.reports.figures.registry import OWN

    return OWN


FIGURES: Registry[FigureKind] = Registry("figure", FigureKind, _own)
