import math

import pandas as pd
import pytest

from chaoscl.evaluation import csvtext, schema
from chaoscl.reports.results import read_results
from chaoscl.reports.sheets import (
    Sheet,
    comparison_sheet,
    cost_sheet,
    curve_sheet,
    main_note,
    main_sheet,
    matrix_sheet,
    run_sheet,
    sheets,
    significance,
    write_sheets,
)
from chaoscl.reports.tables import latex_text


@pytest.mark.parametrize(
    ("p_holm", "p_tost", "difference", "shown"),
    [
        (0.0005, 0.9, 0.1, "*** higher"),
        (0.001, 0.9, -0.1, "** lower"),
        (0.049, 0.01, 0.1, "* higher"),
        (0.05, 0.9, 0.1, "n.s."),
        (0.05, 0.01, 0.1, "equal within 2 points"),
        (math.nan, math.nan, 0.1, "not tested"),
    ],
)
def test_marks_are_those_of_the_note(p_holm, p_tost, difference, shown):
    line = {"p_holm": p_holm, "p_tost_holm": p_tost, "difference": difference, "margin": 0.02}
    assert significance(line) == shown
    assert significance(None) == "reference"


def test_the_main_table_marks_what_differs_after_the_accuracy(write_folder):
    results = read_results(write_folder(seeds=3))
    frame = main_sheet(results).frame
    assert list(frame.columns)[:4] == ["baseline", "model", "average accuracy", "differs from naive"]
    # The made-up matrices of naive and joint, names of one length, end alike.
    assert frame["differs from naive"].tolist() == ["reference", "n.s.", "equal within 1 point"]
    assert "With 3 pairs and 2 tests p cannot fall below 0.5" in main_note(results)


def test_enough_pairs_need_no_excuse_and_one_allows_no_test(write_folder):
    assert "cannot fall" not in main_note(read_results(write_folder("many", seeds=7)))
    assert main_note(read_results(write_folder("one", seeds=1))).endswith("nothing can be tested.")


def test_holm_s_correction_counts_in_what_so_many_pairs_can_show(write_folder):
    # two tests of six pairs: the smaller p-value of both is at least 2 * 2 / 2^6
    assert "6 pairs and 2 tests p cannot fall below 0.0625" in main_note(read_results(write_folder("six", seeds=6)))


def test_papers_get_the_notes_with_the_tables(write_folder, tmp_path):
    results = read_results(write_folder())
    write_sheets(results, tmp_path)
    note = main_sheet(results).note
    assert "Forward transfer is not defined: each task has a head of its own" in note
    assert note in (tmp_path / "main.md").read_text()
    assert latex_text(note) in (tmp_path / "main.tex").read_text()


def test_without_comparisons_nothing_is_marked_and_the_note_says_so(write_folder):
    folder = write_folder()
    (folder / "comparisons.csv").unlink()
    results = read_results(folder)
    assert "differs" not in " ".join(main_sheet(results).frame.columns)
    assert "There is no comparisons.csv" in main_note(results)
    assert comparison_sheet(results) is None


def test_costs_are_left_out_where_they_are_not_known(write_folder):
    folder = write_folder()
    (folder / "costs.csv").unlink()
    results = read_results(folder)
    assert cost_sheet(results) is None
    assert "MACs" not in run_sheet(results).frame.columns
    assert run_sheet(results).frame["seconds"].tolist() == ["1.5"] * 9


def test_runs_show_what_became_of_each_without_their_raw_folders(write_folder):
    results = read_results(write_folder())
    frame = run_sheet(results).frame
    assert frame[["baseline", "seed"]].to_numpy().tolist() == [[one.baseline, str(one.seed)] for one in results.records]
    costs = results[schema.COSTS]
    assert frame["samples"].tolist() == [f"{value:,}" for value in costs["samples"]]
    averages = [f"{100 * one.matrix.mean[-1].mean():.1f}" for one in results.records]
    assert frame["average accuracy, %"].tolist() == averages
    assert [cell == "-" for cell in frame["forgetting (max - last), %"]] == [
        one.baseline == "joint" for one in results.records
    ]


def test_runs_of_several_orders_have_each_its_own_costs(write_folder):
    folder = write_folder(seeds=1)
    for table in (schema.COSTS, schema.RUNS):
        frame = schema.read_csv(table, folder / table.name)
        other = frame.assign(order="other", **({"samples": 7} if table is schema.COSTS else {"status": "failed"}))
        schema.write_csv(pd.concat([frame, other]), table, folder / table.name)
    frame = run_sheet(read_results(folder)).frame
    assert set(frame.loc[frame["order"] == "other", "samples"]) == {"7"}
    assert "7" not in set(frame.loc[frame["order"] == "given", "samples"])


def test_a_run_s_matrix_and_curve_are_its_lines(write_folder):
    results = read_results(write_folder())
    run = results.records[0]
    frame = matrix_sheet(run.matrix, "m").frame
    assert frame["after"].tolist() == ["untrained", "news", "digits-1", "digits-2"]
    assert frame["digits-1"].tolist() == [f"{100 * value:.1f} ± 1.0" for value in run.matrix.mean[:, 1]]
    curve = curve_sheet(results.curves(run), "c").frame
    assert len(curve) == 6
    assert curve.iloc[1].tolist() == ["news", "2", "0.500", "50.0", "40.0", "1.00e-03"]


def test_columns_of_numbers_are_told_from_texts():
    columns = {
        "interval": "-1.2 ± 0.3",
        "count": "12,345",
        "size": "8.00 KiB",
        "large": "4.56 T",
        "share": "54,964 of 120,000",
        "bound": "<0.001",
        "rate": "9.37e-04",
        "parts": "1,000 / 10",
    }
    texts = {"hash": "51dff524666a", "name": "2K", "stars": "n.s.", "run": "x/1"}
    for cell, numeric in ((columns, True), (texts, False)):
        frame = pd.DataFrame([cell, dict.fromkeys(cell, "-")])
        assert Sheet("x", "x", frame).numeric == [numeric] * len(cell)


def test_papers_get_every_table_in_three_forms(write_folder, tmp_path):
    results = read_results(write_folder(data="embedded"))
    written = write_sheets(results, tmp_path / "t")
    assert {path.suffix for path in written} == {".csv", ".md", ".tex"}
    assert len(written) == 3 * len(sheets(results))
    header, rows = csvtext.load(tmp_path / "t" / "main.csv")
    frame = main_sheet(results).frame
    assert header == [*frame.columns, "data"]
    assert rows == [[*row, "embedded"] for row in frame.to_numpy().tolist()]
    for ending in ("md", "tex"):
        assert "EMBEDDED data, no real results" in (tmp_path / "t" / f"main.{ending}").read_text()
