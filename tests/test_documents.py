"""What README and docs say is what the code and the committed results say."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from chaoscl import registry
from chaoscl.cli import run_app
from chaoscl.commands.app import build_app
from chaoscl.runs import recipes

ROOT = Path(__file__).resolve().parents[1]
SMALL = ("--data", "embedded", "--recipe", "quick", "--seeds", "1", "--jobs", "1", "--repetitions", "1", "--out", "out")


@pytest.fixture
def few_batches(monkeypatch):
    """Make the quick recipe quick: two batches a task."""
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 2)


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
        assert (folder / "command.txt").read_text().startswith("chaoscl run --stream ")
        assert (folder / "retention.png").stat().st_size > 1000


ADDING = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
FILES = re.findall(r"```python\n(.*?)```\n\n```bash\n(.*?)\n```", ADDING, re.S)
SCRIPTS = [block for block in re.findall(r"```python\n(.*?)```", ADDING, re.S) if "__main__" in block]
ALONE = [line for block in re.findall(r"(?<!```\n\n)```bash\n(.*?)```", ADDING, re.S) for line in block.splitlines()]


@pytest.mark.parametrize(("source", "line"), FILES, ids=[source.splitlines()[0] for source, _ in FILES])
def test_each_part_of_the_page_on_adding_runs_with_its_command(source, line, tmp_path, monkeypatch, few_batches):
    (tmp_path / "part.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [*shlex.split(line), *SMALL])
    with registry.restored():
        assert run_app(build_app()) == 0
    monkeypatch.setattr(sys, "argv", ["chaoscl", "test", "part.py"])
    with registry.restored():
        assert run_app(build_app()) == 0


def test_the_page_on_adding_has_an_example_of_every_kind_of_part(tmp_path):
    for number, (source, _) in enumerate(FILES):
        (tmp_path / f"part{number}.py").write_text(source, encoding="utf-8")
    with registry.restored():
        before = {kind: set(one) for kind, one in registry.REGISTRIES.items()}
        registry.include([str(tmp_path)])
        added = {kind for kind, one in registry.REGISTRIES.items() if set(one) - before[kind]}
    assert added == set(registry.REGISTRIES) - {"recipe"}


@pytest.mark.parametrize("line", [line for line in ALONE if line.startswith("chaoscl run")])
def test_each_other_command_of_the_page_on_adding_runs(line, tmp_path, monkeypatch, few_batches):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [*shlex.split(line), *SMALL])
    assert run_app(build_app()) == 0


def test_the_script_of_the_page_on_adding_runs_in_several_processes(tmp_path):
    (script,) = SCRIPTS
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "script.py"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "replay" in done.stdout
    assert (tmp_path / "results" / "mine" / "matrices.csv").is_file()


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
