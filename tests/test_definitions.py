"""One quantity has one definition on every page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def table(text, marker):
    """Return the lines of a generated Markdown table as dicts."""
    block = text.split(f"<!-- {marker} -->")[1].split("<!-- end")[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines() if line[:1] == "|"]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]


def test_a_stored_sample_takes_one_number_of_bytes_on_every_page():
    # tests/runs/test_accounting.py holds the number against what the strategies keep
    found = {
        path.name: size
        for path in PAGES
        for sentence in re.split(r"\.\s", path.read_text(encoding="utf-8"))
        if re.search(r"stored\s+sample\b|\bis a reference\b", sentence)
        for size in re.findall(r"(\d+)\s+bytes", sentence)
    }
    assert found == {"adding.md": "32", "comparing.md": "32", "concepts.md": "32"}


LONG_STREAM = [path for path in PAGES if "<!-- long-20 degradation -->" in path.read_text(encoding="utf-8")]
"""Pages that show the long stream."""


@pytest.mark.parametrize(
    "page", [path for path in LONG_STREAM if path.parent.name == "docs"], ids=lambda path: path.name
)
def test_forgetting_after_all_tasks_is_one_number_in_both_tables(page):
    text = page.read_text(encoding="utf-8")
    metrics = {(line["model"], line["baseline"]): line for line in table(text, "long-20 metrics")}
    lines = table(text, "long-20 degradation")
    assert lines
    for line in lines:
        (last,) = re.findall(r"\((-?[\d.]+)\)", list(line.values())[-1])
        forgetting = metrics[line["model"], line["baseline"]]["forgetting (first - last)"]
        assert last == forgetting.split(" ")[0]


def test_the_two_pages_that_show_the_long_stream_show_the_same():
    shown = [table(path.read_text(encoding="utf-8"), "long-20 degradation") for path in LONG_STREAM]
    assert all(one == shown[0] for one in shown)
