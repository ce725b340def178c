"""What a cortex does: spike raster, membrane traces, firing rates, and an animation.

All take recorded traces as arrays, such as :func:`chaoscl.cortex.recording.record` gives; nothing here ticks a cortex.
"""

import io
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from chaoscl.reports.figures.style import BLUE, EVEN, GREY, VERMILION, styles

Array = npt.NDArray[np.float64]
SHOWN = 6
"""Neurons whose membrane traces stand apart in one figure."""


@dataclass(frozen=True, eq=False)
class Traces:
    """One layer's traces on one sample.

    Attributes:
        spikes: (ticks, H), 0 or 1.
        potentials: (ticks, H), no unit.
        threshold: potential that must be exceeded for a spike.
        title: what was recorded.

    Raises:
        ValueError: the arrays are empty, differ in shape, or hold another number than 0 and 1 as a spike.
    """

    spikes: Array
    potentials: Array
    threshold: float
    title: str

    def __post_init__(self) -> None:
        for name in ("spikes", "potentials"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        if self.spikes.ndim != 2 or not self.spikes.size or self.spikes.shape != self.potentials.shape:
            raise ValueError(
                "traces: spikes and potentials must both have shape (ticks, neurons), at least (1, 1), not"
                f" {self.spikes.shape} and {self.potentials.shape}"
            )
        if not np.isin(self.spikes, (0.0, 1.0)).all():
            raise ValueError("traces: a spike must be 0 or 1")


def raster_figure(traces: Traces) -> Figure:
    """Return the spike raster, a dash for each spike, over the share of neurons that spike at each tick."""
    ticks, neurons = traces.spikes.shape
    figure = Figure(figsize=(8.0, 2.6 + min(4.5, 0.03 * neurons + 1.0)), layout="constrained")
    raster, share = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    times, units = np.nonzero(traces.spikes)
    length = 0.7 * raster.get_window_extent().height / neurons * 72 / figure.dpi
    raster.scatter(times + 1, units, marker="|", s=max(4.0, length) ** 2, color="black", linewidths=1)
    raster.set_ylabel("neuron")
    raster.set_ylim(-1, neurons)
    share.bar(np.arange(1, ticks + 1), 100 * traces.spikes.mean(axis=1), width=0.8, color=BLUE)
    share.set_ylabel("spiking, %")
    share.set_xlabel("tick")
    share.set_xlim(0.3, ticks + 0.7)
    share.grid(alpha=0.25, axis="y")
    figure.suptitle(f"{traces.title}\nspikes: {len(times):,} of {ticks * neurons:,} possible", fontsize=10)
    return figure


def membrane_figure(traces: Traces) -> Figure:
    """Return the membrane potentials of SHOWN neurons, from the most to the least active, with their spikes marked."""
    ticks, neurons = traces.spikes.shape
    order = np.argsort(-traces.spikes.sum(axis=0), kind="stable")
    chosen = order[np.unique(np.linspace(0, neurons - 1, min(SHOWN, neurons)).round().astype(int))]
    figure = Figure(figsize=(8.0, 1.1 + 1.1 * len(chosen)), layout="constrained")
    axes = figure.subplots(len(chosen), 1, sharex=True, squeeze=False)[:, 0]
    time = np.arange(1, ticks + 1)
    for axis, neuron, (colour, _) in zip(axes, chosen, styles(), strict=False):
        potential, fired = traces.potentials[:, neuron], traces.spikes[:, neuron] > 0
        axis.axhline(traces.threshold, color=GREY, linestyle="--", linewidth=0.8)
        axis.plot(time, potential, color=colour, linewidth=1.2)
        axis.plot(time[fired], potential[fired], marker="o", markersize=5, linestyle="none", color="black")
        axis.set_ylabel(f"neuron {neuron}", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.25)
    axes[-1].set_xlabel("tick")
    figure.suptitle(
        f"{traces.title}\nmembrane potential after each tick, most active neuron first; dot: spike, dashed: threshold",
        fontsize=10,
    )
    return figure


def rate_figure(traces: Traces) -> Figure:
    """Return the histogram of firing rates, spikes a tick, over the neurons; rates are multiples of 1 / ticks."""
    ticks, neurons = traces.spikes.shape
    rates = traces.spikes.mean(axis=0)
    most = int(traces.spikes.sum(axis=0).max())
    width = max(1, math.ceil(most / 25))
    edges = (np.arange(0, most + width + 1, width) - 0.5) / ticks
    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    axis = figure.subplots()
    axis.hist(rates, bins=edges.tolist(), color=BLUE, edgecolor="white", linewidth=0.5)
    axis.axvline(float(rates.mean()), color=VERMILION, linestyle="--", label=f"mean {rates.mean():.3f}")
    # Rates that there are; matplotlib's own choice begins below 0, where the first bar does.
    axis.set_xticks(np.arange(0, most + 1, max(1, math.ceil(most / 10))) / ticks)
    axis.set_xlabel("firing rate, spikes a tick")
    axis.set_ylabel("neurons")
    axis.legend(fontsize=8)
    axis.grid(alpha=0.25, axis="y")
    silent = int((rates == 0).sum())
    figure.suptitle(f"{traces.title}\n{neurons} neurons over {ticks} ticks, {silent} of them silent", fontsize=10)
    return figure


def animation(traces: Traces, frame_ms: int = 200) -> bytes:
    """Return an animated GIF, a frame a tick: potentials as colours on a grid of neurons, a ring where one spikes.

    It loops without end at five frames a second at most by default, which is slow enough not to flicker.

    Args:
        traces: what to show.
        frame_ms: time that a frame stands, in ms.
    """
    ticks, neurons = traces.spikes.shape
    across = math.ceil(math.sqrt(neurons))
    places = np.arange(neurons)
    figure = Figure(figsize=(4.6, 4.4), dpi=80, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axis = figure.subplots()
    # Silent neurons sink far below the rest; the colours are for those around the threshold.
    reach = max(2 * float(np.median(np.abs(traces.potentials - traces.threshold))), 1e-9)
    low, high = traces.threshold - reach, traces.threshold + reach
    points = axis.scatter(places % across, places // across, c=traces.potentials[0], cmap=EVEN, vmin=low, vmax=high)
    points.set_sizes(np.full(neurons, (180 / across) ** 2))
    axis.set_xlim(-0.7, across - 0.3)
    axis.set_ylim(math.ceil(neurons / across) - 0.3, -0.7)
    axis.set_xticks([])
    axis.set_yticks([])
    figure.colorbar(points, ax=axis, label="membrane potential", fraction=0.05, extend="both")
    frames = []
    for tick in range(ticks):
        points.set_array(traces.potentials[tick])
        fired = traces.spikes[tick] > 0
        points.set_edgecolor([VERMILION if spike else "white" for spike in fired])
        points.set_linewidth(np.where(fired, 2.5, 0.5).tolist())
        axis.set_title(
            f"{traces.title}\ntick {tick + 1} of {ticks}: {fired.sum()} of {neurons} spike (ring)", fontsize=8
        )
        canvas.draw()
        frames.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy()).quantize(128))
    buffer = io.BytesIO()
    frames[0].save(
        buffer, format="GIF", save_all=True, append_images=frames[1:], duration=frame_ms, loop=0, optimize=False
    )
    return buffer.getvalue()


CORTEX_FIGURES = {
    "spike-raster": raster_figure,
    "membrane-traces": membrane_figure,
    "firing-rates": rate_figure,
}
"""Kinds of figure that recorded traces have, beside the animation."""
