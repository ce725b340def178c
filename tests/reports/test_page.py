"""The page's numbers are those of the CSV files, and it stands on its own."""

import html.parser
import re
from pathlib import Path

import pytest

from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.metrics import METRICS
from chaoscl.reports.estimates import bounds_of, bounds_of_difference, estimate
from chaoscl.reports.page import write_page
from chaoscl.reports.tables import p_value, shown_metrics

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = sorted(
    path.parent.relative_to(ROOT / "results").as_posix() for path in (ROOT / "results").rglob("matrices.csv")
)


class Tables(html.parser.HTMLParser):
    """The cells of each table by the name of its sheet, in order; all text; what the tags refer to; open tags."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.references, self.ids, self.open, self.words = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.references += [value for name, value in attributes if name in ("src", "href") and value]
        self.ids += [values["id"]] if "id" in values else []
        if tag not in ("meta", "link", "img", "input"):
            self.open.append(tag)
        if "data-sheet" in values:
            self.tables.append((values["data-sheet"], []))
        elif tag == "tr":
            self.tables[-1][1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if "tr" in self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][1][-1][-1] += data

    def sheet(self, name):
        """Return the rows of the only table of that name as dicts."""
        (found,) = [rows for sheet, rows in self.tables if sheet == name]
        return [dict(zip(found[0], row, strict=True)) for row in found[1:]]


def read(folder, table):
    return schema.read_csv(table, folder / table.name).to_dict("records")


@pytest.mark.parametrize("name", COMMITTED)
def test_every_number_of_the_page_is_the_csv_s(name, tmp_path):
    folder = ROOT / "results" / name
    page = Tables(write_page([folder], tmp_path / "r.html").read_text(encoding="utf-8"))
    main = {(row["baseline"], row["model"]): row for row in page.sheet("main")}
    titles = shown_metrics(schema.read_csv(schema.SUMMARY, folder / schema.SUMMARY.name))
    summary = [line for line in read(folder, schema.SUMMARY) if line["metric"] in titles]
    assert len(summary) == len(main) * len(titles)
    for line in summary:
        shown = main[line["baseline"], line["model"]][titles[line["metric"]]]
        assert shown == estimate(line, bounds=bounds_of(line["metric"]))
    tasks = {(row["baseline"], row["model"]): row for row in page.sheet("tasks")}
    for line in read(folder, schema.FORGETTING):
        shown = tasks[line["baseline"], line["model"]][line["task"]]
        assert shown == estimate(line, "final_")
    comparisons = read(folder, schema.COMPARISONS) if (folder / "comparisons.csv").exists() else []
    rows = page.sheet("comparisons") if comparisons else []
    assert len(rows) == len(comparisons)
    differences = {(row["baseline"], row["model"], row["metric"]): row for row in rows}
    for line in comparisons:
        row = differences[line["baseline"], line["model"], METRICS[line["metric"]].title]
        assert row["difference"].removeprefix("+") == estimate(line, bounds=bounds_of_difference(line["metric"]))
        assert row["p (Holm)"] == p_value(line["p_holm"])
        assert row["p (equal)"] == p_value(line["p_tost_holm"])
    for line, row in zip(read(folder, schema.DATA), page.sheet("data"), strict=True):
        assert row["train rows"].split(" of ")[0] == f"{line['train_rows']:,}"
        assert row["SHA-256"] == line["sha256"]
        assert line["note"] in page.words
    runs = page.sheet("runs")
    assert [row["run"] for row in runs] == [line["run"] for line in read(folder, schema.RUNS)]
    assert (folder / "command.txt").read_text().strip() in page.words


@pytest.fixture(scope="module")
def folders(write_folder_in, tmp_path_factory):
    root = tmp_path_factory.mktemp("results")
    return [write_folder_in(root, "a", raw=True), write_folder_in(root, "b")]


@pytest.fixture(scope="module")
def text(folders):
    return write_page(folders, folders[0].parent / "r.html").read_text()


def test_the_page_refers_to_nothing_outside_itself(text):
    page = Tables(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    for reference in page.references:
        assert reference.startswith("data:") or reference.removeprefix("#") in page.ids
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", text)
    assert "default-src 'none'" in text


def test_the_same_folders_give_the_same_bytes(text, folders, tmp_path):
    assert write_page(folders, tmp_path / "again.html").read_text() == text
    assert str(folders[0].parent) not in text


def test_each_run_has_its_matrix_and_curve_and_raw_runs_add_where_it_comes_from(text):
    page = Tables(text)
    for ending in ("-matrix", "-curve"):
        assert len([name for name, _ in page.tables if name.endswith(ending)]) == 2 * 9
    assert page.words.count("naive, m, seed 0, order given") == 2
    assert page.words.count("c0de") == 9


def test_what_comes_from_a_file_is_text_and_never_markup(text):
    assert "&lt;b&gt;half&lt;/b&gt; &amp; less" in text
    assert "<b>" not in text


def test_several_streams_are_ranked_and_one_is_not(text, write_folder, tmp_path):
    assert 'id="ranks"' in text
    assert 'id="ranks"' not in write_page([write_folder("c")], tmp_path / "one.html").read_text()


def test_embedded_data_are_marked_at_the_top_at_their_section_and_in_their_title(write_folder, tmp_path):
    real, made = write_folder("a"), write_folder("b", data="embedded")
    for folders, banners, words in (([real], 0, ""), ([made], 2, "All results below are"), ([real, made], 2, "Some")):
        text = write_page(folders, tmp_path / "r.html").read_text()
        assert text.count("<strong>EMBEDDED DATA.</strong>") == banners
        assert words in text
        assert text.count("<h2>b, task-incremental, 3 seeds, EMBEDDED data, no real results</h2>") == (made in folders)
    assert "not ranked together" in text


def test_a_failed_run_stands_there_with_its_message(write_folder, tmp_path):
    folder = write_folder()
    with (folder / "runs.csv").open("a") as file:
        file.write("ewc,m,0,given,failed,no memory of that,,,x/ewc\n")
    page = Tables(write_page([folder], tmp_path / "r.html").read_text())
    assert page.sheet("runs")[-1]["message"] == "no memory of that"
    assert "9 finished, 1 failed" in page.words


def test_no_folder_and_no_place_are_said(write_folder, tmp_path):
    with pytest.raises(UserError, match="at least one results folder"):
        write_page([], tmp_path / "r.html")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write the page"):
        write_page([write_folder()], tmp_path / "file" / "r.html")
