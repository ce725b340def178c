"""Ranking committed and made-up results folders, as a user types it."""

import math
from pathlib import Path

import pytest

from chaoscl.evaluation import schema
from chaoscl.evaluation.aggregate import RunRecord, summary_frame
from chaoscl.evaluation.retention import RetentionMatrix

ROOT = Path(__file__).resolve().parents[2]
ONCE = math.nan
"""Final accuracy that stands for a run with only a first and a last row, like joint training."""


@pytest.fixture
def command(program, monkeypatch):
    """Return a function that runs the verb in this process: exit status, stdout, stderr."""
    call = program("ranks")
    monkeypatch.setenv("COLUMNS", "160")
    return call


def write(folder, finals, stream=None, data="mirror", scenario="task"):
    """Write the summary of a folder: final accuracy on the first of two tasks, for each baseline."""
    records = []
    for baseline, final in finals.items():
        middle = [math.nan] * 2 if math.isnan(final) else [0.8, 0.4]
        mean = [[0.5, 0.5], middle, [0.7 if math.isnan(final) else final, 0.9]]
        matrix = RetentionMatrix(("a", "b"), mean, [[0.0 * cell for cell in row] for row in mean], 1)
        model = "dense" if baseline == "mlp" else "m"
        name = folder.name if stream is None else stream
        records.append(RunRecord(name, scenario, model, baseline, 0, data, "ff", matrix))
    folder.mkdir(parents=True, exist_ok=True)
    schema.write_csv(summary_frame(records), schema.SUMMARY, folder / "summary.csv")
    return folder


@pytest.fixture
def folders(tmp_path):
    return [
        write(tmp_path / "one", {"naive": 0.1, "ewc": 0.3, "mlp": 0.5, "joint": ONCE}),
        write(tmp_path / "two", {"joint": ONCE, "naive": 0.2, "mlp": 0.6, "ewc": 0.4, "replay": 0.9}),
        write(tmp_path / "three", {"ewc": 0.3, "naive": 0.1, "mlp": 0.5, "joint": ONCE}, data="generated"),
    ]


def test_ranks_of_three_streams(command, folders, tmp_path):
    status, shown, errors = command(*folders)
    assert (status, errors) == (0, "")
    out = tmp_path / "results" / "ranks"
    frame = schema.read_csv(schema.RANKS, out / "ranks.csv")
    assert frame["baseline"].tolist() == ["joint", "mlp", "ewc", "naive"]
    assert frame["model"].tolist() == ["m", "dense", "m", "m"]
    assert frame["mean_rank"].tolist() == [1.0, 2.0, 3.0, 4.0]
    # chi-square = 12 / (3 * 4 * 5) * 9 * (1 + 4 + 9 + 16) - 3 * 3 * 5 = 9 with three degrees of freedom
    assert frame["friedman_p"].tolist() == pytest.approx([0.0293] * 4, abs=1e-4)
    assert set(frame["data"]) == {"mirror"}
    assert set(frame["streams"]) == {3}
    assert (out / "critical_difference.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "command.txt").read_text().startswith("chaoscl ranks ")
    assert "Friedman p 0.029; each of 6 pairs: Wilcoxon's signed-rank test" in shown
    assert "p cannot fall below 1.000" in shown
    pairs = schema.read_csv(schema.RANK_PAIRS, out / "rank_pairs.csv")
    assert len(pairs) == 6
    # joint is better than each of the others on all three streams, and three streams cannot show it
    assert pairs["better"].tolist() == [3] * 6
    assert pairs["p_wilcoxon"].tolist() == [0.25] * 6
    assert set(pairs["p_holm"]) == {1.0}
    assert "left out: replay (m), which has no average_accuracy on one (task), three (task)" in shown
    assert "written to results/ranks" in shown


def test_a_metric_without_a_value_leaves_its_baseline_out(command, folders, tmp_path):
    status, shown, _ = command(*folders, "--metric", "forgetting_max_last", "--out", tmp_path / "lost")
    assert status == 0
    frame = schema.read_csv(schema.RANKS, tmp_path / "lost" / "ranks.csv")
    assert frame["baseline"].tolist() == ["mlp", "ewc", "naive"]  # the least forgetting first
    assert "joint (m), which has no forgetting_max_last on one (task), two (task), three (task)" in shown


def test_embedded_results_are_kept_apart_and_marked(command, tmp_path):
    folders = [write(tmp_path / name, {"naive": 0.1, "ewc": 0.3}, data="embedded") for name in ("one", "two")]
    status, shown, _ = command(*folders)
    assert status == 0
    assert "embedded data" in shown
    frame = schema.read_csv(schema.RANKS, tmp_path / "results" / "embedded" / "ranks" / "ranks.csv")
    assert set(frame["data"]) == {"embedded"}
    assert frame["friedman_p"].isna().all()


def test_two_scenarios_of_one_stream_are_two(command, tmp_path):
    finals = {"naive": 0.1, "ewc": 0.3}
    one = write(tmp_path / "one", finals, stream="s")
    two = write(tmp_path / "two", finals, stream="s", scenario="class")
    assert command(one, two)[0] == 0


def refuse(command, *words):
    status, shown, errors = command(*words)
    assert (status, shown) == (2, "")
    assert errors.count("\n") == 1
    return errors


def test_real_and_embedded_data_are_never_ranked_together(command, folders, tmp_path):
    made = write(tmp_path / "made", {"naive": 0.1, "ewc": 0.3}, data="embedded")
    errors = refuse(command, folders[0], made)
    assert "embedded data (made (task)) and on real data (one (task)) cannot be ranked together" in errors
    assert not (tmp_path / "results").exists()


def test_mistakes_are_one_line(command, folders, tmp_path):
    assert "at least two results folders" in refuse(command, folders[0])
    assert "did you mean average_accuracy?" in refuse(command, *folders, "--metric", "averge_accuracy")
    assert "summary.csv cannot be read" in refuse(command, folders[0], tmp_path / "nowhere")
    again = write(tmp_path / "again", {"naive": 0.1}, stream="one")
    errors = refuse(command, folders[0], again)
    assert "both hold stream one (task)" in errors
    alone = write(tmp_path / "alone", {"naive": 0.1})
    assert "two baselines with average_accuracy in every folder are needed, there is naive (m)" in refuse(
        command, folders[0], alone
    )


def test_files_that_are_not_a_summary_of_one_stream_are_refused(command, folders, tmp_path):
    broken = write(tmp_path / "broken", {"naive": 0.1})
    path = broken / "summary.csv"
    good = path.read_text()
    path.write_text(good.replace("metric", "measure"))
    assert "column 'metric' is missing" in refuse(command, folders[0], broken)
    header, *lines = good.splitlines(keepends=True)
    path.write_text(header)
    assert "must hold results on one stream" in refuse(command, folders[0], broken)
    path.write_text(header + "".join(lines) + lines[0].replace("broken", "other"))
    assert "must hold results on one stream" in refuse(command, folders[0], broken)
    path.write_text(header + "".join(lines) + lines[0])
    assert "twice" in refuse(command, folders[0], broken)


def test_committed_results_of_one_model_can_be_ranked(command):
    committed = [path.parent for path in sorted((ROOT / "results").glob("*-chaos2k*/summary.csv"))]
    if len(committed) < 3:
        pytest.skip("fewer than three results of one model are committed")
    status, shown, errors = command(*committed)
    assert (status, errors) == (0, "")
    assert "naive" in shown
