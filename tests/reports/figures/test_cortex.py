import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from chaoscl.reports.figures import render
from chaoscl.reports.figures.cortex import CORTEX_FIGURES, SHOWN, Traces, animation, membrane_figure, rate_figure


def traces(ticks=7, neurons=5, seed=0):
    draws = np.random.default_rng(seed)
    return Traces(draws.integers(0, 2, (ticks, neurons)), draws.normal(size=(ticks, neurons)), 0.5, "made up")


@pytest.mark.parametrize("kind", CORTEX_FIGURES)
@pytest.mark.parametrize("ending", ["svg", "png"])
def test_every_kind_gives_the_same_bytes_twice(kind, ending):
    first, second = (render(CORTEX_FIGURES[kind](traces()), ending) for _ in range(2))
    assert first == second
    assert first != render(CORTEX_FIGURES[kind](traces(seed=1)), ending)


@pytest.mark.parametrize("kind", CORTEX_FIGURES)
@given(ticks=st.integers(1, 40), neurons=st.integers(1, 40))
@settings(max_examples=5)
def test_every_kind_takes_any_size(kind, ticks, neurons):
    figure = CORTEX_FIGURES[kind](traces(ticks, neurons))
    figure.canvas.draw()
    assert "made up" in figure.get_suptitle()


def test_the_raster_has_a_dash_for_each_spike():
    found = traces()
    raster, share = CORTEX_FIGURES["spike-raster"](found).axes
    points = {(int(tick), int(neuron)) for tick, neuron in raster.collections[0].get_offsets()}
    assert points == {(tick + 1, neuron) for tick, neuron in np.argwhere(found.spikes)}
    np.testing.assert_allclose([bar.get_height() for bar in share.patches], 100 * found.spikes.mean(axis=1))


def test_membranes_are_shown_from_the_most_to_the_least_active_with_their_spikes():
    found = traces(neurons=9)
    axes = membrane_figure(found).axes
    neurons = [int(axis.get_ylabel().split()[1]) for axis in axes]
    assert len(neurons) == SHOWN
    counts = found.spikes.sum(axis=0)[neurons]
    assert (np.diff(counts) <= 0).all()
    for axis, neuron in zip(axes, neurons, strict=True):
        threshold, potential, dots = axis.lines
        assert threshold.get_ydata()[0] == 0.5
        np.testing.assert_array_equal(potential.get_ydata(), found.potentials[:, neuron])
        np.testing.assert_array_equal(dots.get_xdata(), np.flatnonzero(found.spikes[:, neuron]) + 1)


@given(ticks=st.integers(1, 80), neurons=st.integers(1, 30))
@settings(max_examples=10)
def test_the_histogram_counts_every_neuron_once(ticks, neurons):
    (axis,) = rate_figure(traces(ticks, neurons)).axes
    assert sum(bar.get_height() for bar in axis.patches) == neurons
    shown = axis.get_xticks() * ticks
    assert shown[0] == 0
    assert np.allclose(shown, shown.round())


def test_the_animation_has_a_frame_for_each_tick_and_the_same_bytes_twice():
    content = animation(traces(ticks=4), frame_ms=300)
    picture = Image.open(io.BytesIO(content))
    assert (picture.format, picture.n_frames, picture.info["loop"]) == ("GIF", 4, 0)
    assert picture.info["duration"] == 300
    assert content == animation(traces(ticks=4), frame_ms=300)


@pytest.mark.parametrize(
    ("spikes", "potentials", "words"),
    [
        (np.zeros((2, 3)), np.zeros((3, 2)), "shape"),
        (np.zeros(3), np.zeros(3), "shape"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "shape"),
        (np.full((1, 1), 0.5), np.zeros((1, 1)), "0 or 1"),
    ],
)
def test_traces_that_are_none_are_refused(spikes, potentials, words):
    with pytest.raises(ValueError, match=words):
        Traces(spikes, potentials, 0.5, "x")
