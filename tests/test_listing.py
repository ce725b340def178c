import pytest

from chaoscl.data import DATASETS
from chaoscl.errors import UserError
from chaoscl.listing import listing, print_list
from chaoscl.models import MODELS
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.recipes import RECIPES
from chaoscl.streams import SCENARIOS, STREAMS

REGISTRIES = {
    "streams": STREAMS,
    "scenarios": SCENARIOS,
    "models": MODELS,
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


def test_baselines_of_another_folder_are_listed(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(
        "from chaoscl.runs.baseline import Baseline\nBASELINE = Baseline('what mine does', build=print, source='me')\n"
    )
    assert listing(tmp_path)["baselines"] == {"mine": "what mine does"}
    assert print_list(str(tmp_path)) == 0
    assert "baselines\n  mine  what mine does\n\n" in capsys.readouterr().out


def test_the_names_of_a_kind_are_printed_in_one_column(capsys):
    assert print_list() == 0
    blocks = capsys.readouterr().out.strip().split("\n\n")
    for block, (kind, lines) in zip(blocks, listing().items(), strict=True):
        head, *rest = block.split("\n")
        assert head == kind
        assert len(rest) == len(lines)
        (start,) = {row.index(line, 2 + len(name)) for row, (name, line) in zip(rest, lines.items(), strict=True)}
        assert start == 4 + max(map(len, lines))


def test_a_folder_without_baselines_is_one_line(tmp_path):
    with pytest.raises(UserError, match="no baselines in"):
        listing(tmp_path)
