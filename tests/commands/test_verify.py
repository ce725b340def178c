"""``chaoscl verify`` as a user types it, and the committed results."""

from pathlib import Path

import pytest

from chaoscl.evaluation.verify import differences

ROOT = Path(__file__).resolve().parents[2]
HELD = sorted(path.parent for path in (ROOT / "results").rglob("summary.csv") if "embedded" not in path.parts)


@pytest.fixture
def folder(chaoscl):
    """A results folder of two seeds on generated data."""
    words = ("--stream", "ag_news,mnist", "--data", "embedded", "--recipe", "quick", "--jobs", "1", "--seeds", "2")
    assert chaoscl("run", *words, "--model", "mlp256", "--baselines", "naive,frozen,joint", "--out", "o")[0] == 0
    return Path("o")


def test_a_folder_as_it_was_written_is_fine_and_a_changed_cell_is_named(chaoscl, folder):
    assert chaoscl("verify", folder, folder) == (0, "o: all aggregates follow from matrices.csv\n" * 2, "")
    path = folder / "summary.csv"
    header, first, *rest = path.read_text().splitlines()
    mean = first.split(",")[header.split(",").index("mean")]
    path.write_text("\n".join([header, first.replace(mean, "0.987654", 1), *rest]) + "\n")
    status, out, err = chaoscl("verify", folder)
    assert (status, err) == (1, "")
    assert out == f"o: summary.csv, line 2, mean: '0.987654' in the file, '{mean}' by matrices.csv\n"


def test_what_is_no_results_folder_is_one_line(chaoscl, refused, folder):
    refused(chaoscl("verify", "nowhere"), "nowhere holds no matrices.csv, so no results")
    (folder / "costs.csv").unlink()
    refused(chaoscl("verify", folder), "o/costs.csv cannot be read")
    (folder / "matrices.csv").write_text("a,b\n")
    refused(chaoscl("verify", folder), "o/matrices.csv: column 'stream' is missing")


@pytest.mark.parametrize("folder", HELD, ids=lambda folder: folder.name)
def test_committed_results_follow_from_their_matrices(folder):
    assert differences(folder) == []


def test_every_folder_that_pages_show_is_there_with_its_matrices(tables):
    made = [*(folder for folder, _ in tables.RESULTS.values()), *tables.LONG, *tables.ANCHORS.glob("*/")]
    assert {folder for folder in made if tables.committed(folder)} == set(HELD)
