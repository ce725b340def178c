import shutil
from pathlib import Path

import pytest

from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.reports.results import NEEDED, read_results

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = sorted(path.parent for path in (ROOT / "results").rglob("summary.csv") if "embedded" not in path.parts)


@pytest.mark.parametrize("folder", COMMITTED, ids=lambda folder: folder.name)
def test_committed_results_agree_with_themselves(folder):
    results = read_results(folder)
    assert results.tasks
    assert results.command


def test_a_folder_is_read_with_its_raw_runs(write_folder):
    results = read_results(write_folder(raw=True))
    assert results.title == "r, task-incremental, 3 seeds, mirror data"
    assert results.competitors == [("m", "naive"), ("m", "replay"), ("m", "joint")]
    assert results.at_once == {("m", "joint")}
    assert len(results.stored) == 9
    assert not results.embedded


def test_embedded_data_are_named_in_capitals(write_folder):
    results = read_results(write_folder(data="embedded", seeds=1))
    assert results.embedded
    assert results.title == "r, task-incremental, 1 seed, EMBEDDED data, no real results"


def test_optional_files_may_be_missing(write_folder):
    folder = write_folder()
    for table in (schema.COMPARISONS, schema.COSTS, schema.TIMINGS):
        (folder / table.name).unlink()
    (folder / "command.txt").unlink()
    results = read_results(folder)
    assert results.missing == ("comparisons.csv", "costs.csv", "timings.csv")
    assert results.command == ""
    assert not len(results[schema.COSTS])


def test_no_folder_is_one_clear_line(tmp_path):
    with pytest.raises(UserError, match="nowhere is not a folder; give a results folder"):
        read_results(tmp_path / "nowhere")


def test_a_folder_of_folders_names_them(write_folder, tmp_path):
    write_folder("grid/task")
    with pytest.raises(UserError, match=r"holds no summary\.csv.*give one of the folders inside it: .*grid/task"):
        read_results(tmp_path / "grid")


@pytest.mark.parametrize("table", NEEDED, ids=lambda table: table.name)
def test_each_file_that_is_needed_is_missed_by_name(write_folder, table):
    folder = write_folder()
    (folder / table.name).unlink()
    with pytest.raises(UserError, match=table.name):
        read_results(folder)


@pytest.mark.parametrize("table", [schema.SUMMARY, schema.FORGETTING, schema.RETENTION], ids=lambda table: table.name)
def test_a_number_changed_by_hand_is_noticed(write_folder, table):
    folder = write_folder()
    frame = schema.read_csv(table, folder / table.name)
    column = "final_mean" if table is schema.FORGETTING else "mean"
    last = frame["metric"] == "average_accuracy" if table is schema.SUMMARY else frame.index == frame.index[-1]
    frame.loc[last, column] += 0.01
    schema.write_csv(frame, table, folder / table.name)
    with pytest.raises(
        UserError, match=r"not the same in .*; a file was changed by hand .* 'python benchmarks/run\.py"
    ):
        read_results(folder)


def test_a_difference_changed_by_hand_is_noticed(write_folder):
    folder = write_folder()
    frame = schema.read_csv(schema.COMPARISONS, folder / "comparisons.csv")
    frame.loc[0, "difference"] += 0.01
    schema.write_csv(frame, schema.COMPARISONS, folder / "comparisons.csv")
    with pytest.raises(UserError, match=r"average_accuracy of replay \(m\) differs in comparisons\.csv"):
        read_results(folder)


@pytest.mark.parametrize("file", ["comparisons.csv", "costs.csv", "timings.csv"])
def test_a_baseline_without_results_is_noticed(write_folder, file):
    path = write_folder() / file
    path.write_text(path.read_text().replace("replay,", "ewc,"))
    with pytest.raises(UserError, match=rf"{file} has ewc \(m\), which has no results"):
        read_results(path.parent)


def test_text_in_place_of_a_number_is_noticed(write_folder):
    path = write_folder() / "forgetting.csv"
    path.write_text(path.read_text().replace(",0.", ",x.", 1))
    with pytest.raises(UserError, match="is not a number; the file was changed by hand"):
        read_results(path.parent)


def test_the_beginning_of_a_name_leads_to_the_folder(write_folder):
    folder = write_folder("text-image-chaos2k")
    with pytest.raises(UserError, match=r"text-image is not a folder; did you mean .*/text-image-chaos2k\?"):
        read_results(folder.with_name("text-image"))


def test_a_file_of_other_runs_is_noticed(write_folder):
    folder, other = write_folder(), write_folder("other", ("naive", "ewc", "joint"))
    shutil.copy(other / "retention.csv", folder / "retention.csv")
    with pytest.raises(UserError, match="not about the same runs"):
        read_results(folder)
    shutil.copy(write_folder("r2", seeds=2, stream="r") / "runs.csv", folder / "runs.csv")
    shutil.copy(write_folder("r3", stream="r") / "retention.csv", folder / "retention.csv")
    with pytest.raises(UserError, match=r"over 3 runs of naive \(m\), runs.csv has 2"):
        read_results(folder)


def test_a_run_of_another_seed_is_noticed(write_folder):
    path = write_folder() / "runs.csv"
    path.write_text(path.read_text().replace("naive,m,2,", "naive,m,3,"))
    with pytest.raises(UserError, match=r"runs\.csv and matrices\.csv are not about the same runs"):
        read_results(path.parent)


def test_matrices_that_are_not_whole_are_noticed(write_folder):
    path = write_folder() / "matrices.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(UserError, match=r"joint \(m\), seed 2.*not the cells of one matrix"):
        read_results(path.parent)


def test_a_line_twice_is_noticed(write_folder):
    path = write_folder() / "summary.csv"
    path.write_text(path.read_text() + path.read_text().splitlines()[-1] + "\n")
    with pytest.raises(UserError, match=r"summary\.csv holds a line twice"):
        read_results(path.parent)


def test_no_finished_run_says_how_many_failed(write_folder):
    folder = write_folder(seeds=1)
    for table in (schema.RETENTION, schema.FORGETTING, schema.SUMMARY):
        schema.write_csv(schema.empty(table), table, folder / table.name)
    path = folder / "runs.csv"
    path.write_text(path.read_text().replace("finished", "failed"))
    with pytest.raises(UserError, match="no finished run \\(3 failed"):
        read_results(folder)


def test_a_broken_raw_run_is_named(write_folder):
    folder = write_folder(raw=True)
    (folder / "runs" / "x" / "naive-seed0" / "retention_matrix.csv").write_text("no\n")
    with pytest.raises(UserError, match="naive-seed0 is not a finished run"):
        read_results(folder)
