"""What README and docs say is what the code and the committed results say."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def tables():
    spec = importlib.util.spec_from_file_location("tables_program", ROOT / "benchmarks" / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_generated_table_is_up_to_date(tables):
    made = tables.blocks()
    for page in tables.PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert tables.replaced(text, made) == text, f"{page}: run make tables"


def test_every_marker_has_a_table_and_every_table_a_marker(tables):
    pages = "".join((ROOT / page).read_text(encoding="utf-8") for page in tables.PAGES)
    assert set(re.findall(r"<!-- (?!end )(.+?) -->", pages)) == set(re.findall(r"<!-- end (.+?) -->", pages))
    assert set(re.findall(r"<!-- (?!end )(.+?) -->", pages)) <= set(tables.blocks())


def test_a_stale_table_is_noticed(tables):
    made = {"results x": "| new |\n"}
    page = "before\n<!-- results x -->\n\n| old |\n\n<!-- end results x -->\nafter\n"
    fresh = tables.replaced(page, made)
    assert fresh == "before\n<!-- results x -->\n\n| new |\n\n<!-- end results x -->\nafter\n"
    assert tables.replaced(fresh, made) == fresh


def test_committed_results_name_their_command_and_lie_beside_a_figure(tables):
    for folder, _ in tables.RESULTS.values():
        assert (folder / "command.txt").read_text().startswith("python benchmarks/run.py --stream ")
        assert (folder / "retention.png").stat().st_size > 1000


def test_links_between_the_pages_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_s_python_runs_as_printed():
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    assert blocks
    for block in blocks:
        names: dict[str, object] = {}
        exec(compile(block, "README.md", "exec"), names)
        assert names["rate"].shape == (8, 64)
