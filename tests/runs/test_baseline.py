import pytest

from chaoscl.errors import UserError
from chaoscl.runs.baseline import FOLDER, Baseline, file_hash, find_baselines, load_baseline

GOOD = """
from chaoscl.runs.baseline import Baseline, Hyper

BASELINE = Baseline(summary="mine", build=lambda setup, rate: rate, source="me", hyper={"rate": Hyper(2, "guess")})
"""


def test_the_project_s_baselines_are_found_and_describe_themselves():
    found = find_baselines()
    assert {"naive", "ewc", "replay", "joint", "independent", "mlp"} <= set(found)
    for name in found:
        baseline = load_baseline(name)
        assert baseline.summary
        assert baseline.source
        assert all(hyper.source for hyper in baseline.hyper.values())


def test_a_file_in_another_folder_is_a_baseline(tmp_path):
    (tmp_path / "mine.py").write_text(GOOD)
    assert list(find_baselines(tmp_path)) == ["mine"]
    assert load_baseline("mine", tmp_path).values() == {"rate": 2}


def test_the_mlp_baseline_trains_the_mlp_of_the_same_widths():
    assert load_baseline("mlp").model("chaos4k") == "mlp4k"
    assert load_baseline("naive").model("chaos4k") == "chaos4k"


def test_an_unknown_baseline_is_one_line_with_a_guess():
    with pytest.raises(UserError, match=r"unknown baseline 'repaly' \(did you mean replay\?\); there are: ewc, "):
        load_baseline("repaly")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("import nothing_of_that_name", "cannot be loaded: ModuleNotFoundError"),
        ("def", "cannot be loaded: SyntaxError"),
        ("BASELINE = 3", "does not define BASELINE"),
    ],
)
def test_a_broken_file_is_one_line(tmp_path, content, message):
    (tmp_path / "broken.py").write_text(content)
    with pytest.raises(UserError, match=message):
        load_baseline("broken", tmp_path)


def test_a_folder_without_baselines_is_one_line(tmp_path):
    with pytest.raises(UserError, match="no baselines in"):
        find_baselines(tmp_path / "nowhere")


def test_the_hash_follows_the_file(tmp_path):
    (tmp_path / "mine.py").write_text(GOOD)
    before = file_hash("mine", tmp_path)
    (tmp_path / "mine.py").write_text(GOOD.replace("2, ", "3, "))
    assert file_hash("mine", tmp_path) != before


def test_importing_a_baseline_does_not_import_avalanche():
    for path in FOLDER.glob("*.py"):
        heads = [line for line in path.read_text().splitlines() if line.startswith(("import", "from"))]
        assert not any("avalanche" in line for line in heads), path.name
    assert isinstance(load_baseline("naive"), Baseline)
