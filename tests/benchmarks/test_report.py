"""Reports on committed results, as a user types it."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "results" / "text-image-chaos2k"


@pytest.fixture
def command(program):
    """Return a function that runs the program in this process: exit status, stdout, stderr."""
    return program("report")


def test_one_command_makes_page_figures_and_tables(command, tmp_path):
    # As committed: whoever has made the results again has raw runs beside them.
    folder = shutil.copytree(RESULT, tmp_path / RESULT.name, ignore=shutil.ignore_patterns("runs"))
    status, out, err = command(folder, "--figures", "f", "--tables", "t")
    assert (status, err) == (0, "")
    assert "Forgetting within and across modalities" in (tmp_path / "report.html").read_text()
    figures = {path.name for path in (tmp_path / "f" / "text-image-chaos2k").iterdir()}
    assert {"retention.svg", "retention.png", "modality.svg", "learning-curves.svg"} <= figures
    assert "not drawn: text-image-chaos2k" not in out
    assert (tmp_path / "t" / "text-image-chaos2k" / "main.tex").is_file()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nowhere"], "nowhere is not a folder"),
        ([ROOT / "results" / "anchors"], "give one of the folders inside it"),
        ([], "folders"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(command, refused, tmp_path, words, expected):
    refused(command(*words), expected.lower() if words else "")
    assert list(tmp_path.iterdir()) == []
