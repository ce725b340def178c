"""What all figures share: colours, names of what cannot be drawn, and files with the same bytes every time.

Colours are those of Okabe and Ito (2008, Color Universal Design) without yellow, which is lost on white. A line or
point always has a marker or a label too, so that nothing hangs on colour alone. The ground is white: dark pages frame
it.
"""

import io
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK = COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#000000",
)
GREY = "#767676"
"""What leads the eye."""
EVEN = "viridis"
"""Perceptually even and safe for colour-blind readers; dark is forgotten or never learned."""
MARKERS = "osD^vPX*"
_DPI = 160


class NotDrawnError(Exception):
    """A figure that these results cannot have; the message says why, as it stands after "not drawn: "."""


def styles() -> Iterator[tuple[str, str]]:
    """Yield (colour, marker) without end; the first 56 differ."""
    number = 0
    while True:
        yield COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        number += 1


def panels(count: int, columns: int, size: tuple[float, float], extra: float = 0.9) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure with ``count`` panels in rows of at most ``columns``, which share both axes.

    Args:
        count: panels, at least one.
        columns: most of them in a row.
        size: width and height of a panel in inches.
        extra: height for the title and the legend, in inches.
    """
    across = min(count, columns)
    down = math.ceil(count / across)
    figure = Figure(figsize=(max(6.5, across * size[0]), down * size[1] + extra), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for axis in axes.flat[count:]:
        axis.axis("off")
    # A panel with none below it has to carry the numbers itself.
    for axis in axes.flat[max(0, count - across) : count]:
        axis.tick_params(labelbottom=True)
    return figure, list(axes.flat[:count])


def label_below(axes: Sequence[Axes], text: str) -> None:
    """Name the shared x axis below the middle panel of the last row, where a legend below the figure cannot hide it."""
    rows = [axis.get_subplotspec().rowspan.start for axis in axes]  # type: ignore[union-attr]
    last = [axis for axis, row in zip(axes, rows, strict=True) if row == rows[-1]]
    last[len(last) // 2].set_xlabel(text, fontsize=9)


def legend_below(figure: Figure, axis: Axes, columns: int) -> None:
    """Name the lines of a panel below a figure, in as many columns as its width has room for.

    Args:
        figure: which.
        axis: the panel.
        columns: most of them.
    """
    handles, labels = axis.get_legend_handles_labels()
    for count in range(columns, 0, -1):
        legend = figure.legend(handles, labels, loc="outside lower center", fontsize=8, ncols=count)
        if count == 1 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()


def render(figure: Figure, ending: str) -> bytes:
    """Return a figure as ``svg`` or ``png``: the same bytes every time for the same matplotlib."""
    metadata = {"Date": None, "Creator": None} if ending == "svg" else {"Software": None}
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "chaoscl", "svg.fonttype": "none"}):
        figure.savefig(buffer, format=ending, dpi=_DPI, metadata=metadata, facecolor="white")
    return buffer.getvalue()


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG or PNG, by the path's ending, with the same bytes every time for the same matplotlib."""
    write_whole(render(figure, path.suffix.removeprefix(".")), path)


def write_whole(content: bytes, path: Path) -> None:
    """Write ``content`` to ``path``, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    os.replace(temporary, path)
