"""Several commands and one results folder: the runs are united, or the second command is refused before training."""

import shutil

import pytest

from chaoscl.evaluation import schema
from chaoscl.evaluation.matrices import AGGREGATES, RUN

PLACE = ("--stream", "ag_news,addition", "--data", "embedded", "--recipe", "quick", "--jobs", "1", "--out", "o")
WORDS = (*PLACE, "--model", "mlp256", "--seeds", "1", "--baselines", "naive")
SAME_EVERYWHERE = [
    table.name for table in (*AGGREGATES, schema.MATRICES, schema.FOLDER_CURVES, schema.COSTS, schema.RUNS, schema.DATA)
]


@pytest.fixture
def command(program):
    """Return a function that runs the program in this process: exit status, stdout, stderr."""
    return program("run")


def runs_in(folder, table=schema.RUNS):
    """Return (baseline, model, seed, order) of the runs in a file, in its order."""
    return list(dict.fromkeys(schema.read_csv(table, folder / table.name)[RUN].itertuples(index=False, name=None)))


def contents(folder):
    return {name: (folder / name).read_bytes() for name in SAME_EVERYWHERE}


def test_a_second_command_adds_its_runs_to_every_file(command, tmp_path):
    folder = tmp_path / "o"
    assert command(*WORDS)[0] == 0
    assert command(*PLACE, "--model", "mlp400", "--seeds", "2", "--baselines", "replay,naive")[0] == 0
    expected = [("naive", "mlp256", 0, "given")]
    expected += [(name, "mlp400", seed, "given") for name in ("naive", "replay") for seed in (0, 1)]
    united = (schema.RUNS, schema.MATRICES, schema.FOLDER_CURVES, schema.COSTS, schema.TIMINGS)
    assert {table.name: runs_in(folder, table) for table in united} == {table.name: expected for table in united}
    summary = schema.read_csv(schema.SUMMARY, folder / "summary.csv")
    assert set(summary[["model", "baseline"]].itertuples(index=False, name=None)) == {
        ("mlp256", "naive"),
        ("mlp400", "naive"),
        ("mlp400", "replay"),
    }
    commands = (folder / "command.txt").read_text().splitlines()
    assert [line.split("--model ")[1].split()[0] for line in commands] == ["mlp256", "mlp400"]


def test_many_commands_leave_what_one_leaves(command, tmp_path):
    for words in (("--seeds", "1", "--baselines", "naive"), ("--seeds", "2", "--baselines", "joint,naive")) * 2:
        assert command(*PLACE, "--model", "mlp256", *words)[0] == 0
    united = contents(tmp_path / "o")
    assert (tmp_path / "o" / "command.txt").read_text().count("\n") == 2
    assert command(*PLACE, "--model", "mlp256", "--seeds", "2", "--baselines", "naive,joint", "--out", "one")[0] == 0
    assert contents(tmp_path / "one") == united


def test_a_fresh_clone_appends_a_seed_and_trains_nothing_again(command, tmp_path):
    assert command(*WORDS)[0] == 0
    shutil.rmtree(tmp_path / "o" / "runs")
    before = contents(tmp_path / "o")
    status, _, err = command(*WORDS)
    assert (status, contents(tmp_path / "o")) == (0, before)
    assert "1 of 1 runs are finished already" in err
    assert not (tmp_path / "o" / "runs").exists()
    assert command(*PLACE, "--model", "mlp256", "--seeds", "2", "--baselines", "naive")[0] == 0
    assert runs_in(tmp_path / "o", schema.MATRICES) == [
        ("naive", "mlp256", 0, "given"),
        ("naive", "mlp256", 1, "given"),
    ]
    assert len(list((tmp_path / "o" / "runs").rglob("spec.json"))) == 1
    assert command(*WORDS, "--force")[0] == 0
    assert len(list((tmp_path / "o" / "runs").rglob("spec.json"))) == 2


def test_a_run_whose_baseline_was_changed_replaces_its_older_self_with_a_remark(command, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    words = (*WORDS, "--include", str(folder), "--baselines", "mine")
    source = (
        "from dataclasses import replace\nfrom chaoscl.runs.baseline import BASELINES\n"
        "BASELINE = replace({}, name='mine')\n"
    )
    (folder / "mine.py").write_text(source.format("BASELINES['naive']"))
    assert "replaced" not in command(*words)[2]
    (first,) = schema.read_csv(schema.RUNS, tmp_path / "o" / "runs.csv")["run"]
    (folder / "mine.py").write_text(source.format("replace(BASELINES['naive'], cost='something')"))
    status, _, err = command(*words)
    assert status == 0
    assert "1 runs that the folder holds are made anew and replaced" in err
    (second,) = schema.read_csv(schema.RUNS, tmp_path / "o" / "runs.csv")["run"]
    assert second != first
    (digest,) = schema.read_csv(schema.MATRICES, tmp_path / "o" / "matrices.csv")["run"].unique()
    assert second.endswith(digest)
    (folder / "mine.py").write_text(source.format("replace(BASELINES['naive'], build=lambda setup: 1 / 0)"))
    status, _, err = command(*words)
    assert (status, "ZeroDivisionError" in err) == (1, True)
    assert schema.read_csv(schema.RUNS, tmp_path / "o" / "runs.csv")["run"].tolist() == [second]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--recipe", "short"), ("settings", "recipe=quick", "recipe=short")),
        (("--recipe", "quick:epochs=3"), ("settings", "recipe=quick", "recipe=quick:epochs=3")),
        (("--train-rows", "50"), ("settings", "train_rows=0", "train_rows=50")),
        (("--precision", "bfloat16"), ("settings", "precision=float32", "precision=bfloat16")),
        (("--repetitions", "2"), ("settings", "repetitions=3", "repetitions=2")),
        (("--scenario", "class"), ("scenario", "'task'", "'class'")),
        (("--stream", "addition,ag_news"), ("stream", "ag_news+addition", "addition+ag_news")),
        (("--baselines", "ewc", "--hyper", "ewc.ewc_lambda=5"), ("hyper-parameters of ewc", "''", "ewc_lambda=5")),
    ],
)
@pytest.mark.parametrize("seeds", ["1", "2"])
def test_runs_by_other_settings_are_refused_before_training(command, refused, tmp_path, words, expected, seeds):
    assert command(*WORDS, "--baselines", "naive,ewc")[0] == 0
    before = {path: path.read_bytes() for path in (tmp_path / "o").rglob("*") if path.is_file()}
    refused(command(*WORDS, "--seeds", seeds, *words), "--out", *expected)
    assert {path: path.read_bytes() for path in (tmp_path / "o").rglob("*") if path.is_file()} == before


def test_runs_of_other_models_orders_and_baselines_share_a_folder(command, tmp_path):
    for words in (
        (),
        ("--model", "mlp400"),
        ("--model", "mlp256:encoders=modality,pool=global"),
        ("--order", "reversed"),
        ("--baselines", "ewc", "--hyper", "ewc.ewc_lambda=5"),
    ):
        assert command(*WORDS, *words)[0] == 0, words
    assert len(runs_in(tmp_path / "o", schema.MATRICES)) == 5


def test_results_of_an_earlier_version_are_not_replaced(command, refused, tmp_path):
    assert command(*WORDS)[0] == 0
    (tmp_path / "o" / "matrices.csv").unlink()
    before = (tmp_path / "o" / "summary.csv").read_bytes()
    refused(command(*WORDS), "matrices.csv", "runs/ may stay", "--out")
    assert (tmp_path / "o" / "summary.csv").read_bytes() == before


def test_runs_of_one_baseline_are_replaced_together_or_not_at_all(command, refused, tmp_path):
    words = (*WORDS, "--model", "chaos256", "--baselines", "naive")
    assert command(*words, "--seeds", "2", "--kernel", "fused")[0] == 0
    before = {path: path.read_bytes() for path in (tmp_path / "o").rglob("*") if path.is_file()}
    refused(command(*words, "--seeds", "1", "--kernel", "torch"), "--out", "naive (chaos256) seed 1", "would mix")
    assert {path: path.read_bytes() for path in (tmp_path / "o").rglob("*") if path.is_file()} == before
    status, _, err = command(*words, "--seeds", "2", "--kernel", "torch")
    assert (status, "2 runs that the folder holds are made anew" in err) == (0, True)
