import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaoscl.evaluation.ranks import joined_groups, nemenyi_critical_difference
from chaoscl.reports.figures import critical_difference_figure, save


def rank_table(mean_ranks, difference=1.25, streams=14, friedman_p=0.02):
    names = [chr(ord("a") + place) for place in range(len(mean_ranks))]
    return pd.DataFrame(
        {
            "baseline": names,
            "model": "m",
            "data": "mirror",
            "metric": "average_accuracy",
            "mean_rank": mean_ranks,
            "streams": streams,
            "friedman_p": friedman_p,
            "critical_difference": difference,
        }
    )


def names_at(figure):
    """Position of each baseline's name: {name: (side, x, y)}."""
    texts = [text for text in figure.axes[0].texts if text.get_text().startswith(" ")]
    sides = {"right": "left", "left": "right"}  # a text that ends at its point stands to the left of it
    return {
        next(word for word in text.get_text().split() if word.isalpha()): (
            sides[text.get_horizontalalignment()],
            *text.get_position(),
        )
        for text in texts
    }


def drawn(figure, kind):
    return [line.get_xydata() for line in figure.axes[0].lines if line.get_gid() == kind]


def test_the_diagram_of_demsar_joins_what_he_joins():
    # His example at 10 %: ranks 3.143, 2.000, 2.893, 1.964 and a critical difference of 1.12
    figure = critical_difference_figure(rank_table([3.143, 2.000, 2.893, 1.964], 1.12), "AUC")
    found = [(line[0, 0], line[1, 0]) for line in drawn(figure, "group")]
    assert found == [pytest.approx((1.964, 2.893), abs=0.03), pytest.approx((2.893, 3.143), abs=0.03)]
    heights = [line[0, 1] for line in drawn(figure, "group")]
    assert heights[1] < heights[0] < 0
    (bar,) = drawn(figure, "difference")
    assert bar[1, 0] - bar[0, 0] == pytest.approx(1.12)
    (ruler,) = drawn(figure, "axis")
    assert ruler[:, 0].tolist() == [1, 4]


def test_names_stand_on_either_side_with_the_outermost_rank_on_top():
    figure = critical_difference_figure(rank_table([3.143, 2.000, 2.893, 1.964, 5.0]), "AUC")
    places = names_at(figure)
    assert {name: side for name, (side, _, _) in places.items()} == {
        "d": "left",
        "b": "left",
        "c": "left",
        "a": "right",
        "e": "right",
    }
    assert places["d"][2] > places["b"][2] > places["c"][2]
    assert places["e"][2] > places["a"][2]
    assert places["d"][1] < 1
    assert places["e"][1] > 5
    # The line of a name starts at its rank on the axis and ends at the name.
    for rank, name in ((1.964, "d"), (5.0, "e")):
        (leader,) = [line for line in drawn(figure, "leader") if line[0, 0] == rank]
        assert leader[0, 1] == 0
        assert leader[-1].tolist() == list(places[name][1:])


def test_the_title_says_what_was_tested():
    title = critical_difference_figure(rank_table([1.0, 2.0, 3.0]), "AUC").axes[0].get_title()
    assert title.startswith("AUC\nmean rank over 14 streams, Friedman p = 0.02;")
    assert (
        "Friedman"
        not in critical_difference_figure(rank_table([1.0, 2.0], friedman_p=math.nan), "x").axes[0].get_title()
    )


def test_models_are_named_only_where_they_differ():
    ranks = rank_table([1.0, 2.0])
    texts = [text.get_text().strip() for text in critical_difference_figure(ranks, "x").axes[0].texts]
    assert "a  1.00" in texts
    ranks["model"] = ["m", "n"]
    texts = [text.get_text().strip() for text in critical_difference_figure(ranks, "x").axes[0].texts]
    assert {"a (m)  1.00", "2.00  b (n)"} <= set(texts)


@given(st.lists(st.floats(1, 26).map(lambda rank: round(rank, 2)), min_size=2, max_size=26), st.integers(2, 60))
@settings(max_examples=20, deadline=None)
def test_many_baselines_stay_apart(mean_ranks, streams):
    difference = nemenyi_critical_difference(len(mean_ranks), streams)
    figure = critical_difference_figure(rank_table(mean_ranks, difference, streams), "many")
    groups = drawn(figure, "group")
    assert len(groups) == len(joined_groups(mean_ranks, difference))
    lowest_group = min((line[0, 1] for line in groups), default=0.0)
    for side in ("left", "right"):
        heights = sorted(y for found, _, y in names_at(figure).values() if found == side)
        assert all(math.isclose(gap, 0.5) for gap in np.diff(heights))
        assert max(heights) < lowest_group
    for level in {line[0, 1] for line in groups}:
        spans = sorted((line[0, 0], line[1, 0]) for line in groups if line[0, 1] == level)
        assert all(end < start for (_, end), (start, _) in pairwise(spans))


def test_text_does_not_overlap_with_two_dozen_baselines():
    mean_ranks = np.linspace(2, 23, 24).round(2).tolist()
    figure = critical_difference_figure(rank_table(mean_ranks, 4.0, 60), "many")
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not any(one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number])
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y0 >= 0 for box in boxes)


def test_a_diagram_is_the_same_twice(tmp_path):
    for name in ("one", "two"):
        save(critical_difference_figure(rank_table([1.0, 2.5, 2.5]), "title"), tmp_path / f"{name}.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
