import pytest

from chaoscl import registry
from chaoscl.data import DATASETS
from chaoscl.listing import listing, print_list
from chaoscl.models import ENCODERS, MODELS, TRUNKS
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.recipes import RECIPES
from chaoscl.streams import SCENARIOS, STREAMS

REGISTRIES = {
    "streams": STREAMS,
    "scenarios": SCENARIOS,
    "models": MODELS,
    "trunks": TRUNKS,
    "encoders": ENCODERS,
    "baselines": BASELINES,
    "recipes": RECIPES,
    "data sets": DATASETS,
}


def test_every_kind_of_thing_is_listed():
    assert list(listing()) == list(REGISTRIES)


@pytest.mark.parametrize("kind", REGISTRIES)
def test_everything_is_listed_in_a_line_of_its_own(kind):
    lines = listing()[kind]
    assert list(lines) == list(REGISTRIES[kind])
    assert all(line.strip() == line != "" for line in lines.values())
    assert not any("\n" in line for line in lines.values())
    assert len(set(lines.values())) == len(lines)


def test_a_stream_is_listed_with_its_tasks_and_a_data_set_with_its_classes():
    assert listing()["streams"]["long-12"].endswith("(12 tasks, v1)")
    assert listing()["data sets"]["emnist_letters"].endswith("(image, 26 classes)")


def test_a_part_from_outside_is_listed_with_its_place(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from chaoscl.runs.baseline import Baseline\nBASELINE = Baseline('what mine does', build=print, source='me')\n"
    )
    with registry.restored():
        registry.include([str(path)])
        assert listing()["baselines"]["mine"] == f"what mine does [{path}]"


def test_the_names_of_a_kind_are_printed_in_one_column(capsys):
    assert print_list() == 0
    blocks = capsys.readouterr().out.strip().split("\n\n")
    for block, (kind, lines) in zip(blocks, listing().items(), strict=True):
        head, *rest = block.split("\n")
        assert head == kind
        assert len(rest) == len(lines)
        (start,) = {row.index(line, 2 + len(name)) for row, (name, line) in zip(rest, lines.items(), strict=True)}
        assert start == 4 + max(map(len, lines))
