"""Published numbers: what is refused, what is run, and how the verdict comes out."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from chaoscl import api
from chaoscl.config import build_sweep
from chaoscl.evaluation import anchors as evaluation_anchors
from chaoscl.evaluation import schema
from chaoscl.evaluation.anchors import ANCHORS, anchor_frame, read_anchors

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "chaoscl" / "published" / "split-mnist.toml"
COMMITTED = ROOT / "results" / "anchors"


@pytest.fixture
def command(program):
    """Return a function that runs the program in this process: exit status, stdout, stderr."""
    return program("reproduce")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--data", "embedded"), ("--data embedded", "real MNIST", "official or mirror")),
        (("--methods", "none,nope"), ("unknown method 'nope'", "none, EWC, SI, LwF, replay, joint")),
        (("--methods", "naive"), ("unknown method 'naive'",)),
        (("--scenarios", "nope"), ("unknown scenario 'nope'", "task, domain, class")),
        (("--scenarios", "task,nope"), ("unknown scenario 'nope'",)),
        (("--seeds", "0"), ("--seeds 0",)),
        (("--data", "nope"), ("unknown --data 'nope'",)),
        (("--data-dir", "/nowhere"), ("--data-dir /nowhere: no such folder",)),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(command, refused, tmp_path, words, expected):
    refused(command(*words), *expected)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def asked(monkeypatch):
    """Put a stand-in in the place of training that writes each baseline's published accuracy.

    ``requests`` are those it was given, ``shift`` is added to the accuracies of a baseline, in points, and ``status``
    is what it returns.
    """
    noted = SimpleNamespace(requests=[], shift={}, status=0)
    published = {(anchor.scenario, anchor.baseline): anchor.published for anchor in read_anchors(FILE).anchors}

    def execute(request, output):
        noted.requests.append((request, output))
        lines = [
            {
                "stream": request.stream,
                "scenario": request.scenario,
                "model": request.model[0],
                "baseline": name,
                "data": "mirror",
                "data_sha256": "ff",
                "metric": metric,
                "mean": mean,
                "sd": 0.01,
                "ci95": 0.01,
                "min": mean,
                "max": mean,
                "n": request.seeds,
            }
            for name in request.baselines
            for metric, mean in (
                ("average_accuracy", (published[request.scenario, name] + noted.shift.get(name, 0)) / 100),
                ("backward_transfer", -0.5),
            )
        ]
        folder = Path(output.out)
        folder.mkdir(parents=True)
        schema.write_csv(pd.DataFrame(lines), schema.SUMMARY, folder / "summary.csv")
        return noted.status

    monkeypatch.setattr(api, "execute", execute)
    return noted


def test_every_published_number_is_held_against_ours(command, asked, tmp_path):
    wanted = read_anchors(FILE)
    status, out, err = command("--seeds", "2", "--jobs", "1")
    assert (status, err) == (0, "")
    frame = schema.read_csv(ANCHORS, tmp_path / "results" / "anchors" / "anchors.csv")
    assert [tuple(line) for line in frame[["scenario", "method", "baseline"]].itertuples(index=False)] == [
        (anchor.scenario, anchor.method, anchor.baseline) for anchor in wanted.anchors
    ]
    assert frame["mean"].tolist() == pytest.approx(frame["published"].tolist())
    assert set(frame["inside"]) == {"yes"}
    assert set(frame["n"]) == {2}
    assert [request.scenario for request, _ in asked.requests] == ["task", "domain", "class"]
    for request, output in asked.requests:
        assert output.out == f"results/anchors/split-mnist-{request.scenario}"
        specs = build_sweep(request).specs
        these = {anchor.baseline: anchor for anchor in wanted.anchors if anchor.scenario == request.scenario}
        assert [(spec.seed, spec.baseline.name) for spec in specs] == [
            (seed, name) for seed in (0, 1) for name in these
        ]
        for spec in specs:
            assert dict(spec.hyper) == these[spec.baseline.name].hyper
            assert [part.name for part in (spec.stream, spec.model, spec.recipe)] == [
                wanted.stream,
                wanted.model,
                wanted.recipe,
            ]
    assert "inside" in out


@pytest.mark.parametrize("method", ["none", "LwF"])
@pytest.mark.parametrize("points", [-4.0, 4.0])
def test_a_mean_outside_its_band_is_pointed_out_and_fails(command, asked, tmp_path, method, points):
    methods = ("none", "LwF", "replay")
    names = {one.method: one.baseline for one in read_anchors(FILE).anchors if one.scenario == "class"}
    asked.shift = {names[method]: points}
    status, out, err = command("--scenarios", "class", "--methods", ",".join(methods), "--out", "o", "--jobs", "1")
    assert status == 1
    frame = schema.read_csv(ANCHORS, tmp_path / "o" / "anchors.csv").set_index("method")
    assert frame["inside"].to_dict() == {name: "no" if name == method else "yes" for name in methods}
    line = frame.loc[method]
    assert err == (
        f"outside its band: {method}, class: {line['mean']:.2f} not in {line['low']:.2f} .. {line['high']:.2f}\n"
    )
    assert method in out
    ((request, _),) = asked.requests
    assert request.baselines == tuple(names[name] for name in methods)


def test_a_known_miss_is_published_and_does_not_fail(command, asked, tmp_path, monkeypatch):
    wanted = read_anchors(FILE)
    stated = [dataclasses.replace(one, miss="fewer epochs" if one.method == "LwF" else "") for one in wanted.anchors]
    monkeypatch.setattr(evaluation_anchors, "read_anchors", lambda path: dataclasses.replace(wanted, anchors=stated))
    asked.shift = {"lwf_zero": -10.0}
    status, out, err = command("--scenarios", "class", "--methods", "none,LwF", "--out", "o", "--jobs", "1")
    assert (status, err) == (0, "known miss: LwF, class: fewer epochs\n")
    frame = schema.read_csv(ANCHORS, tmp_path / "o" / "anchors.csv").set_index("method")
    assert frame["inside"].to_dict() == {"none": "yes", "LwF": "no"}
    assert frame.loc["LwF", "miss"] == "fewer epochs"
    assert "known" in out


def test_a_run_that_failed_ends_it_before_any_verdict(command, asked, tmp_path):
    asked.status = 1
    assert command("--out", "o", "--jobs", "1")[0] == 1
    assert [request.scenario for request, _ in asked.requests] == ["task"]
    assert not (tmp_path / "o" / "anchors.csv").exists()


@pytest.mark.real
@pytest.mark.timeout(1200)
def test_fine_tuning_forgets_split_mnist_as_published(command, mirror, tmp_path):
    words = ("--scenarios", "class", "--methods", "none", "--seeds", "1", "--jobs", "1", "--out", "o")
    status, _, err = command(*words)
    assert status == 0, err
    frame = schema.read_csv(ANCHORS, tmp_path / "o" / "anchors.csv")
    assert frame[["scenario", "method", "baseline", "n", "inside"]].values.tolist() == [
        ["class", "none", "naive", 1, "yes"]
    ]
    data = schema.read_csv(schema.DATA, tmp_path / "o" / "split-mnist-class" / "data.csv")
    assert data[["dataset", "source"]].values.tolist() == [["mnist", "mirror"]]


def test_the_committed_table_follows_from_the_committed_summaries():
    table = COMMITTED / ANCHORS.name
    if not table.is_file():
        pytest.skip("results/anchors/anchors.csv is not there yet")
    wanted = read_anchors(FILE)
    folders = {scenario: COMMITTED / f"{wanted.stream}-{scenario}" for scenario in wanted.scenarios}
    summaries = {
        scenario: schema.read_csv(schema.SUMMARY, at / "summary.csv") for scenario, at in folders.items() if at.is_dir()
    }
    assert summaries
    for scenario, summary in summaries.items():
        assert set(summary["scenario"]) == {scenario}
        assert set(summary["stream"]) == {wanted.stream}
        assert set(summary["model"]) == {wanted.model}
        assert "embedded" not in set(summary["data"])
    assert schema.to_csv(anchor_frame(wanted, summaries), ANCHORS) == table.read_text(encoding="utf-8")
