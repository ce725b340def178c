"""What every kind of figure must do, and what each shows."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from chaoscl.evaluation import schema
from chaoscl.evaluation.modality import forgetting_blocks
from chaoscl.reports.figures import FIGURES, NotDrawnError, ranks_figure, render, write_figures
from chaoscl.reports.figures.registry import folder_names
from chaoscl.reports.figures.style import COLOURS, styles
from chaoscl.reports.figures.tradeoffs import pareto
from chaoscl.reports.results import read_results


@pytest.fixture
def results(write_folder):
    return read_results(write_folder(raw=True))


@pytest.mark.parametrize("kind", FIGURES)
def test_every_kind_gives_the_same_bytes_twice_and_fits_its_page(kind, results):
    for ending in ("svg", "png"):
        first, second = (render(FIGURES[kind].draw(results), ending) for _ in range(2))
        assert first == second
    picture = np.asarray(Image.open(io.BytesIO(second)).convert("RGB"))
    assert (picture[[0, -1]] == 255).all(), "drawn over the upper or lower edge"
    assert (picture[:, [0, -1]] == 255).all(), "drawn over the left or right edge"
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize("count", [2, 26])
def test_no_kind_writes_one_thing_over_another(kind, count, write_folder):
    names = tuple(f"a_baseline_with_a_long_name_{number}" for number in range(count))
    figure = FIGURES[kind].draw(read_results(write_folder(baselines=names, raw=True)))
    figure.canvas.draw()
    for legend in figure.legends:
        extent = legend.get_window_extent()
        assert extent.x0 >= 0
        assert extent.x1 <= figure.bbox.width
    apart = [text.get_window_extent() for text in figure.texts if text.get_text()]
    apart += [legend.get_window_extent() for legend in figure.legends]
    apart += [axis.xaxis.label.get_window_extent() for axis in figure.axes if axis.get_xlabel()]
    assert not any(one.overlaps(other) for number, one in enumerate(apart) for other in apart[:number])
    for axis in figure.axes if kind in ("accuracy-memory", "accuracy-compute") else []:
        low, high = axis.get_xlim()
        ticks = [
            label.get_window_extent()
            for label, place in zip(axis.get_xticklabels(), axis.get_xticks(), strict=True)
            if low <= place <= high and label.get_visible()
        ]
        assert not any(one.overlaps(other) for number, one in enumerate(ticks) for other in ticks[:number])


@pytest.mark.parametrize("kind", FIGURES)
def test_every_kind_names_the_data_and_cries_embedded(kind, write_folder):
    real, made = (read_results(write_folder(f"{data}/r", data=data, raw=True)) for data in ("mirror", "embedded"))
    assert "mirror data" in FIGURES[kind].draw(real).get_suptitle()
    assert "EMBEDDED data, no real results" in FIGURES[kind].draw(made).get_suptitle()


@pytest.mark.parametrize("kind", FIGURES)
def test_every_kind_takes_one_seed_and_many_baselines(kind, write_folder):
    names = tuple(f"b{number}" for number in range(26))
    figure = FIGURES[kind].draw(read_results(write_folder(baselines=names, seeds=1, raw=True)))
    assert max(figure.get_size_inches()) < 25
    figure.canvas.draw()


def test_what_cannot_be_drawn_says_why(write_folder, tmp_path):
    folder = write_folder(baselines=("joint",))
    (folder / "costs.csv").unlink()
    written, left_out = write_figures([read_results(folder)], tmp_path / "out")
    reasons = dict(line.split(": ", 1) for line in left_out)
    assert {name.removeprefix("r/") for name in reasons} == {
        "degradation",
        "forgetting",
        "modality",
        "stability-plasticity",
        "accuracy-memory",
        "accuracy-compute",
        "critical-difference",
    }
    assert "costs.csv" in reasons["r/accuracy-memory"]
    assert "no baseline here was evaluated after each" in reasons["r/modality"]
    assert {path.stem for path in written} == {"retention", "accuracy-over-time", "learning-curves"}
    assert sorted((tmp_path / "out" / "r").iterdir()) == sorted(written)


def test_forgetting_bars_are_the_summary_s_numbers(results):
    axis = FIGURES["forgetting"].draw(results).axes[0]
    expected = 100 * results.values("forgetting_max_last")["mean"].to_numpy()
    np.testing.assert_allclose([bar.get_width() for bar in axis.containers[0]], expected)
    assert [text.get_text().strip() for text in axis.texts] == ["not defined (no rows between)"]


def test_modality_bars_are_the_blocks_of_the_runs_without_their_raw_folders(results):
    replay = [one for one in results.records if one.baseline == "replay"]
    blocks = [forgetting_blocks(run.matrix.mean, ["text", "image", "image"]) for run in replay]
    titles = ("training on image, tested on text (2 pairs)", "training on image, tested on image (1 pair)")
    figure = FIGURES["modality"].draw(results)
    bars = {bar.get_label(): bar for bar in figure.axes[0].containers if hasattr(bar, "patches")}
    assert tuple(bars) == titles
    for title, place in zip(titles, (2, 3), strict=True):
        # The second baseline is replay.
        assert bars[title].patches[1].get_width() == pytest.approx(100 * np.mean([b[place].mean for b in blocks]))
    assert "95 % interval over seeds" in figure.get_suptitle()


def test_accuracy_over_time_is_the_retention_matrix(results):
    axis = FIGURES["accuracy-over-time"].draw(results).axes[1]
    assert axis.get_title() == "digits-1"
    retention = results[schema.RETENTION]
    lines = {line.get_label(): line for line in axis.lines}
    for baseline in ("naive", "replay", "joint"):
        cells = retention[(retention["baseline"] == baseline) & (retention["task"] == "digits-1")]
        np.testing.assert_allclose(lines[baseline].get_ydata(), 100 * cells["mean"])


def test_who_learned_all_at_once_is_hollow_and_off_the_front(results):
    axis = FIGURES["accuracy-compute"].draw(results).axes[0]
    handles, labels = axis.get_legend_handles_labels()
    hollow = {
        label: handle.lines[0].get_markerfacecolor() == "white"
        for label, handle in zip(labels, handles, strict=True)
        if label != "Pareto front"
    }
    assert hollow == {"naive": False, "replay": False, "joint, all tasks at once": True}
    front = next(line for line in axis.lines if line.get_label() == "Pareto front")
    costs = results[schema.COSTS].groupby("baseline")["macs"].mean()
    assert set(front.get_xdata()) <= {costs["naive"], costs["replay"]}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_nobody_off_the_pareto_front_is_missed_and_nobody_on_it_is_beaten(points):
    costs, gains = np.array(points, dtype=float).T
    front = pareto(costs, gains)
    for place in range(len(points)):
        beaten = (costs <= costs[place]) & (gains >= gains[place]) & ((costs < costs[place]) | (gains > gains[place]))
        assert not (place in front and beaten.any())
        assert beaten.any() or any((costs[f], gains[f]) == (costs[place], gains[place]) for f in front)


def test_learning_curves_are_those_of_the_folder_and_count_their_runs(results, write_folder):
    assert "learning curves of 9 of 9 runs" in FIGURES["learning-curves"].draw(results).get_suptitle()
    folder = write_folder("bare")
    frame = schema.read_csv(schema.FOLDER_CURVES, folder / "curves.csv")
    schema.write_csv(frame[frame["baseline"] == "joint"], schema.FOLDER_CURVES, folder / "curves.csv")
    figure = FIGURES["learning-curves"].draw(read_results(folder))
    assert "learning curves of 3 of 9 runs" in figure.get_suptitle()
    schema.write_csv(schema.empty(schema.FOLDER_CURVES), schema.FOLDER_CURVES, folder / "curves.csv")
    with pytest.raises(NotDrawnError, match=r"curves\.csv holds no learning curve"):
        FIGURES["learning-curves"].draw(read_results(folder))


def test_ranks_take_streams_of_one_kind_of_data(write_folder):
    one, two, stand_in = (
        read_results(write_folder(name, data=data))
        for name, data in (("a", "mirror"), ("b", "mirror"), ("c", "embedded"))
    )
    assert ranks_figure([one, two]).axes[0].get_title().startswith("Average accuracy, mirror data\nmean rank over 2")
    for several, words in (([one], "several folders"), ([one, one], "twice"), ([one, stand_in], "not ranked together")):
        with pytest.raises(NotDrawnError, match=words):
            ranks_figure(several)


def test_folders_have_names_that_differ(write_folder):
    several = [read_results(write_folder(name)) for name in ("x/task", "y/task")]
    assert folder_names(several) == ["x-task", "y-task"]
    assert folder_names([several[0], several[0]]) == ["1-task", "2-task"]


def test_colours_stay_apart_for_colour_blind_readers():
    first = [style for style, _ in zip(styles(), range(56), strict=False)]
    assert len(set(first)) == 56

    def lightness(colour):
        red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2

    # On white, all but the lightest must be seen: 2:1 by WCAG's formula, beside a marker that says the same.
    assert min(1.05 / (lightness(colour) + 0.05) for colour in COLOURS) > 2
