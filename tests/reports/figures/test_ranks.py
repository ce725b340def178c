"""The diagram of mean ranks: names, bars and title are those of the two tables behind it."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaoscl.evaluation.ranks import pair_frame, rank_frame
from chaoscl.reports.figures import critical_difference_figure, save

METRIC = "average_accuracy"


def frames(table, models=None):
    """Return ranks and pairs of a (baselines, streams) table of scores."""
    names = [(chr(ord("a") + place), models[place] if models else "m") for place in range(len(table))]
    index = pd.MultiIndex.from_tuples(names, names=["baseline", "model"])
    scores = pd.DataFrame(table, index=index, columns=[f"s{number}" for number in range(len(table[0]))])
    return rank_frame(scores, METRIC, "mirror"), pair_frame(scores, METRIC, "mirror")


def steps(levels, streams=14):
    """Return scores that differ by ``levels``, with a little noise."""
    draws = np.random.default_rng(0)
    return np.asarray(levels, dtype=float)[:, None] + draws.uniform(-0.01, 0.01, (len(levels), streams))


def labels(figure):
    return [text.get_text().strip() for text in figure.axes[0].texts]


def bars(figure):
    """Return the mean ranks that each bar joins."""
    lines = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    return [sorted(line.get_xdata()) for line in lines]


def test_a_bar_joins_those_that_are_not_told_apart():
    # a and b differ by less than the noise on half of the streams; c is worse on all fourteen, d again
    ranks, pairs = frames(steps([0.9, 0.9, 0.5, 0.1]))
    mean = ranks["mean_rank"].tolist()
    assert mean[2:] == [3.0, 4.0]
    assert bars(critical_difference_figure(ranks, pairs, "AUC")) == [mean[:2]]


def test_without_a_clear_pair_one_bar_joins_all():
    figure = critical_difference_figure(*frames(steps([0.9, 0.5, 0.1], streams=3)), "AUC")
    assert bars(figure) == [[1.0, 2.0, 3.0]]
    assert "too few streams to tell any two apart: p cannot fall below 0.75" in figure.axes[0].get_title()


def test_every_baseline_is_named_with_its_mean_rank():
    found = labels(critical_difference_figure(*frames(steps([0.1, 0.9, 0.5, 0.7])), "x"))
    assert found == ["b  1.00", "d  2.00", "4.00  a", "3.00  c"]


def test_models_are_named_only_where_they_differ():
    assert "a  1.00" in labels(critical_difference_figure(*frames(steps([0.9, 0.1])), "x"))
    found = labels(critical_difference_figure(*frames(steps([0.9, 0.1]), ["m", "n"]), "x"))
    assert found == ["a (m)  1.00", "2.00  b (n)"]


def test_the_title_says_what_was_tested():
    # all fourteen streams agree on three ranks: chi-square 28 with two degrees of freedom, p = exp(-14)
    title = critical_difference_figure(*frames(steps([0.9, 0.5, 0.1])), "AUC").axes[0].get_title()
    assert title.startswith("AUC\nmean rank over 14 streams, Friedman p = 8.3e-07; joined: not told apart at 5 %")
    assert "Wilcoxon, Holm" in title
    assert "too few" not in title
    ranks, pairs = frames(steps([0.9, 0.1]))
    assert math.isnan(ranks["friedman_p"].iloc[0])
    assert "Friedman" not in critical_difference_figure(ranks, pairs, "AUC").axes[0].get_title()


@given(st.lists(st.integers(0, 10).map(lambda step: step / 10), min_size=2, max_size=9), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_two_share_a_bar_exactly_when_they_are_not_told_apart(levels, seed):
    draws = np.random.default_rng(seed)
    ranks, pairs = frames(np.array(levels)[:, None] + draws.normal(0.0, 0.05, (len(levels), 13)))
    joined = [set(bar) for bar in bars(critical_difference_figure(ranks, pairs, "x"))]
    mean = ranks.set_index("baseline")["mean_rank"]
    if mean.is_unique:
        for line in pairs.to_dict("records"):
            two = {mean[line["baseline"]], mean[line["other"]]}
            assert any(two <= bar for bar in joined) == (line["p_holm"] >= 0.05)


def test_text_does_not_overlap_with_two_dozen_baselines():
    figure = critical_difference_figure(*frames(steps(np.linspace(0.9, 0.1, 24), 30)), "many")
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 24
    assert not any(one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number])
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y0 >= 0 for box in boxes)


def test_a_diagram_is_the_same_twice(tmp_path):
    for name in ("one", "two"):
        save(critical_difference_figure(*frames(steps([0.9, 0.5, 0.5])), "title"), tmp_path / f"{name}.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize("streams", [2, 8])
def test_baselines_that_are_all_equal_make_a_diagram(streams, tmp_path):
    save(critical_difference_figure(*frames(np.full((3, streams), 0.5)), "equal"), tmp_path / "equal.png")
