"""Bands around published numbers, and where our means lie."""

import dataclasses
import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.evaluation import schema
from chaoscl.evaluation.anchors import ANCHORS, Anchor, AnchorSet, anchor_frame, read_anchors, unexpected
from chaoscl.models import find_model
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.recipes import find_recipe
from chaoscl.streams import SCENARIOS, find_stream

FILE = Path(__file__).resolve().parents[2] / "chaoscl" / "published" / "split-mnist.toml"
METHODS = ["none", "EWC", "SI", "LwF", "replay", "joint"]


def anchor(published=80.0, sem=0.5, reading=0.0, **changes):
    return Anchor(
        **{
            "scenario": "task",
            "method": "none",
            "baseline": "naive",
            "published": published,
            "sem": sem,
            "reading": reading,
            "source": "a",
        }
        | changes
    )


@pytest.mark.parametrize(
    ("one", "seeds", "runs", "low", "high"),
    [
        # 1 + 2 sqrt(0.25 * 12 / 4 + 0.25) = 3
        (anchor(), 4, 12, 77.0, 83.0),
        # 1 + 2 sqrt(0.25 * 20 + 0.25) = 1 + 4.5826
        (anchor(), 1, 20, 74.4174, 85.5826),
        # as many of ours as of theirs: 1 + 2 sqrt(2) 0.5
        (anchor(), 12, 12, 77.5858, 82.4142),
        # a reading error widens the band by itself
        (anchor(reading=0.75), 4, 12, 76.25, 83.75),
        # without a standard error the setting and the reading are left
        (anchor(sem=0.0, reading=2.0), 3, 20, 77.0, 83.0),
        # shares of right answers lie between 0 and 100
        (anchor(99.5), 4, 12, 96.5, 100.0),
        (anchor(2.0), 4, 12, 0.0, 5.0),
    ],
)
def test_a_band_by_hand(one, seeds, runs, low, high):
    assert one.band(seeds, runs) == pytest.approx((low, high), abs=1e-4)


percents = st.floats(0, 100)
errors = st.floats(0, 20)
counts = st.integers(1, 1000)


@given(percents, errors, errors, counts, counts, counts)
def test_more_seeds_never_widen_a_band_and_more_error_never_narrows_it(published, sem, reading, seeds, more, runs):
    low, high = anchor(published, sem, reading).band(seeds, runs)
    narrow_low, narrow_high = anchor(published, sem, reading).band(seeds + more, runs)
    assert low <= narrow_low <= narrow_high <= high
    for wider in (anchor(published, sem + 1, reading), anchor(published, sem, reading + 1)):
        wide_low, wide_high = wider.band(seeds, runs)
        assert wide_low <= low <= high <= wide_high


@given(percents, errors, errors, counts, counts)
def test_a_band_reaches_equally_far_to_both_sides_within_0_and_100(published, sem, reading, seeds, runs):
    low, high = anchor(published, sem, reading).band(seeds, runs)
    assert 0 <= low <= published <= high <= 100
    below, above = published - low, high - published
    least = 1 + reading + 2 * sem * math.sqrt(1 + runs / seeds)
    assert below == pytest.approx(min(published, least))
    assert above == pytest.approx(min(100 - published, least))


WANTED = AnchorSet(
    stream="s",
    model="m",
    recipe="r",
    runs=12,
    sources={"a": "A 2019", "b": "B 2022"},
    anchors=[
        anchor(),
        anchor(60.0, method="EWC", baseline="ewc", hyper={"ewc_lambda": 1e5, "samples": 20}, values="guess"),
        anchor(50.0, scenario="class", source="b"),
        anchor(50.0, scenario="class", method="joint", baseline="joint"),
    ],
)


def summary(means, n=4, scenario="task"):
    """Return a made-up summary.csv with these mean accuracies, as fractions, by baseline."""
    lines = [
        {
            "stream": "s",
            "scenario": scenario,
            "model": "m",
            "baseline": baseline,
            "data": "mirror",
            "data_sha256": "ff",
            "metric": metric,
            "mean": value,
            "sd": 0.012 if n > 1 else math.nan,
            "ci95": 0.02 if n > 1 else math.nan,
            "n": n,
        }
        for baseline, mean in means.items()
        for metric, value in (("average_accuracy", mean), ("backward_transfer", -0.9))
    ]
    return pd.DataFrame(lines)


def test_the_frame_holds_each_anchor_that_was_run_beside_our_mean():
    frame = anchor_frame(WANTED, {"task": summary({"ewc": 0.56, "naive": 0.81, "other": 0.1})})
    assert schema.to_csv(frame, ANCHORS).splitlines()[1:] == [
        "s,task,none,naive,,as in the baseline's file,80.000000,77.000000,83.000000,81.000000,1.200000,4,yes,,A 2019",
        's,task,EWC,ewc,"ewc_lambda = 100000, samples = 20",guess,'
        "60.000000,57.000000,63.000000,56.000000,1.200000,4,no,,A 2019",
    ]


@pytest.mark.parametrize(
    ("mean", "inside"), [(0.7699, "no"), (0.7701, "yes"), (0.80, "yes"), (0.8299, "yes"), (0.8301, "no"), (0.0, "no")]
)
def test_a_mean_is_inside_its_band_or_out_on_either_side(mean, inside):
    frame = anchor_frame(WANTED, {"task": summary({"naive": mean})})
    assert frame["inside"].tolist() == [inside]
    assert frame["mean"].tolist() == [pytest.approx(100 * mean)]


@pytest.mark.parametrize(
    ("mean", "miss", "found"),
    [
        (0.80, "", []),
        (0.76, "", ["outside its band: none, task: 76.00 not in 77.00 .. 83.00"]),
        (0.84, "", ["outside its band: none, task: 84.00 not in 77.00 .. 83.00"]),
        (0.76, "fewer epochs", []),
        (
            0.80,
            "fewer epochs",
            ["stated as a miss, but inside its band: none, task: 80.00 in 77.00 .. 83.00; remove its `miss`"],
        ),
    ],
)
def test_a_miss_is_expected_where_its_reason_is_stated_and_nowhere_else(mean, miss, found):
    wanted = dataclasses.replace(WANTED, anchors=[anchor(miss=miss)])
    frame = anchor_frame(wanted, {"task": summary({"naive": mean})})
    assert frame["miss"].tolist() == [miss]
    assert unexpected(frame) == found


def test_one_seed_has_the_widest_band_and_no_deviation():
    frame = anchor_frame(WANTED, {"task": summary({"naive": 0.8}, n=1)})
    assert frame["sd"].isna().all()
    assert frame["low"].tolist() == [pytest.approx(80 - 1 - math.sqrt(13))]
    assert schema.to_csv(frame, ANCHORS).splitlines()[1].endswith("80.000000,,1,yes,,A 2019")


def test_scenarios_are_held_against_their_own_numbers():
    frame = anchor_frame(WANTED, {"class": summary({"naive": 0.8}, scenario="class"), "task": summary({"naive": 0.8})})
    assert frame[["scenario", "method", "published", "inside", "source"]].values.tolist() == [
        ["task", "none", 80.0, "yes", "A 2019"],
        ["class", "none", 50.0, "no", "B 2022"],
    ]
    assert WANTED.scenarios == ["task", "class"]


def test_the_committed_file_asks_for_what_there_is():
    wanted = read_anchors(FILE)
    assert find_stream(wanted.stream).name == "split-mnist"
    assert find_model(wanted.model).hidden == (400, 400)
    assert find_recipe(wanted.recipe).plain
    assert wanted.runs == 20
    assert wanted.scenarios == list(SCENARIOS)
    assert [(one.scenario, one.method) for one in wanted.anchors] == [
        (scenario, method) for scenario in SCENARIOS for method in METHODS
    ]
    assert {one.source for one in wanted.anchors} == set(wanted.sources)
    for one in wanted.anchors:
        baseline = BASELINES[one.baseline]
        values = baseline.values(one.hyper)
        assert {name: values[name] for name in one.hyper} == one.hyper
        assert 0 < one.published < 100
        assert one.sem > 0 or one.reading > 0
        # Where a value differs from the file's, it is said where it comes from.
        changed = {name for name in one.hyper if one.hyper[name] != baseline.hyper[name].value}
        assert not changed or one.values != anchor().values
        # By the rule of the file, a value is published; it is never sought.
        assert one.values.startswith("published: ") or not changed


def test_the_committed_file_sets_naive_and_joint_apart():
    wanted = read_anchors(FILE)
    for scenario in SCENARIOS:
        bands = {one.method: one.band(3, wanted.runs) for one in wanted.anchors if one.scenario == scenario}
        assert bands["none"][1] < bands["joint"][0]
