"""The generated parts of README and docs, from files made by hand and from the registries."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from chaoscl import registry
from chaoscl.evaluation import schema
from chaoscl.evaluation.tuning import CHOSEN, CONVERGED, CONVERGENCE, TRIALS
from chaoscl.runs.baseline import BASELINES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def search(tmp_path):
    """The files of a search over two data sets, made by hand."""

    def write(table, lines):
        made = {"int": 1, "float": 0.5, "str": "x"}
        full = [{one.name: line.get(one.name, made[one.dtype]) for one in table.columns} for line in lines]
        schema.write_csv(pd.DataFrame(full), table, tmp_path / table.name)

    keys = [(name, epochs) for name in ("ag_news", "mnist") for epochs in (1, 2, 4)]
    write(CONVERGENCE, [{"dataset": name, "epochs": epochs, "max_lr": 0.002} for name, epochs in keys])
    write(CONVERGED, [{"dataset": name, "max_lr": 0.002, "epochs": 2, "gain": 0.0025} for name in ("ag_news", "mnist")])
    return tmp_path


def test_the_search_for_the_recipe_is_a_table_and_a_figure(tables, search):
    (block,) = tables.convergence_blocks(search).values()
    header, _, *rows = block.splitlines()
    assert "gain of twice the epochs, points" in header
    assert [row.split(" | ")[0] for row in rows] == ["| ag_news", "| mnist"]
    assert all(" 0.25 " in row for row in rows)
    tables.draw_convergence(search)
    assert (search / "curves.png").stat().st_size > 1000


def test_a_baseline_that_was_added_has_its_line_without_any_run(tables, tmp_path):
    shutil.copy(ROOT / "baselines" / "naive.py", tmp_path / "patient.py")
    with registry.restored():
        registry.include([str(tmp_path / "patient.py")])
        (block,) = tables.accounting_blocks().values()
        names = list(BASELINES)
    assert names[-1] == "patient"
    assert [row.split(" | ")[0].removeprefix("| ") for row in block.splitlines()[2:]] == names


def test_every_kind_of_file_has_a_block_of_its_own(tables):
    made = tables.schema_blocks()
    known = (*schema.TABLES.values(), schema.FOLDER_CURVES, TRIALS, CHOSEN, CONVERGENCE, CONVERGED)
    for table in known:
        assert schema.as_markdown(table) in made.values()
    assert len(set(made.values())) == len(made)
    assert not any(".." in text.splitlines()[2] for text in made.values())


def test_every_page_with_a_marker_is_rewritten(tables):
    pages = {"README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))}
    marked = {page for page in pages if "<!-- end " in (ROOT / page).read_text(encoding="utf-8")}
    assert marked == set(tables.PAGES)
