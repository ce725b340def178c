"""What README and docs say is what the code and the committed results say."""

import os
import re
import subprocess
import sys
from pathlib import Path

from chaoscl.evaluation import metrics

ROOT = Path(__file__).resolve().parents[1]


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
    made = [folder for folder, _ in tables.RESULTS.values() if tables.committed(folder)]
    assert made
    for folder in made:
        assert (folder / "command.txt").read_text().startswith("python benchmarks/run.py --stream ")
        assert (folder / "retention.png").stat().st_size > 1000


def test_the_docs_python_runs_as_printed(monkeypatch):
    monkeypatch.setattr(metrics, "METRICS", dict(metrics.METRICS))
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "adding.md").read_text(encoding="utf-8"), re.S)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "adding.md", "exec"), names)
    assert names["BASELINE"].hyper["memory"].value == 500
    assert metrics.METRICS["worst_final_accuracy"].compute([[0.1, 0.2], [0.9, 0.2], [0.6, 0.8]]) == 0.6


def test_the_site_is_built_without_a_warning(tmp_path):
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path]
    answer = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    assert pages <= {path.name for path in tmp_path.iterdir()}
    reference = (tmp_path / "reference" / "index.html").read_text(encoding="utf-8")
    assert "integrate" in reference
    assert ":func:" not in reference


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
