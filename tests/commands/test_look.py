import json

import pytest

from chaoscl.data import DATASETS
from chaoscl.listing import listing
from chaoscl.models import MODELS
from chaoscl.runs.baseline import BASELINES
from chaoscl.streams import STREAMS


def test_a_program_reads_the_same_list_as_a_person(chaoscl):
    status, out, _ = chaoscl("list", "--json")
    assert status == 0
    found = json.loads(out)
    assert found == listing()
    lines = chaoscl("list")[1]
    for kind, names in found.items():
        assert f"{kind}\n" in lines
        assert all(f"  {name} " in lines for name in names)


@pytest.mark.parametrize(("kind", "names"), [("stream", STREAMS), ("model", MODELS), ("data set", DATASETS)])
def test_all_that_there_is_can_be_asked_for(chaoscl, kind, names):
    for name in names:
        status, out, _ = chaoscl("info", name, "--json")
        assert status == 0
        assert kind in json.loads(out)


def test_a_stream_s_tasks_are_told_with_what_they_hold(chaoscl):
    tasks = json.loads(chaoscl("info", "long-12", "--json")[1])["stream"]["tasks"]
    assert list(tasks) == [task.name for task in STREAMS["long-12"].tasks]
    assert tasks["emnist_letters-3"].startswith("emnist_letters (image, 8 of 26 classes): handwritten letter")
    assert (
        "pixels permuted" in json.loads(chaoscl("info", "permuted-mnist", "--json")[1])["stream"]["tasks"]["permuted-2"]
    )
    assert "\n    ag_news: ag_news (text, all 4 classes): topic of a news item\n" in chaoscl("info", "text-image")[1]


def test_a_baseline_s_values_come_with_their_sources(chaoscl):
    for name in BASELINES:
        told = json.loads(chaoscl("info", name, "--json")[1])["baseline"]
        baseline = BASELINES[name]
        assert (told["summary"], told["note"], told["source"]) == (baseline.summary, baseline.note, baseline.source)
        assert {key: value["value"] for key, value in told["hyper_parameters"].items()} == {
            key: hyper.value for key, hyper in baseline.hyper.items()
        }


def test_what_lwf_does_to_old_heads_is_said_in_the_list(chaoscl):
    (line,) = [line for line in chaoscl("list")[1].splitlines() if line.startswith("  lwf ")]
    assert line.endswith(f". Note: {BASELINES['lwf'].note}")
    assert "untrained encoder" in line
    assert "lwf_encoder" in line


def test_what_is_empty_is_not_shown_to_a_person(chaoscl):
    out = chaoscl("info", "ag_news")[1]
    assert out.startswith("data set ag_news\n  name: ag_news\n")
    assert "classes: World, Sports, Business, Sci/Tech\n" in out
    assert "mean" not in out


def test_included_parts_are_told_with_their_place(chaoscl, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from chaoscl.runs.baseline import Baseline\nBASELINE = Baseline('what mine does', build=print, source='me')\n"
    )
    told = chaoscl("info", "mine", "--include", tmp_path)[1]
    assert "summary: what mine does" in told
    assert f"origin: {tmp_path / 'mine.py'}" in told
    listed = json.loads(chaoscl("list", "--json", "--include", tmp_path)[1])["baselines"]
    assert listed["mine"] == f"what mine does [{tmp_path / 'mine.py'}]"
    assert "naive" in listed
