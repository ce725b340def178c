"""The command as a user types it: acceptance of what it refuses, writes and repeats."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from chaoscl.cli import run_command
from chaoscl.evaluation import schema
from chaoscl.runs import recipes

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "benchmarks" / "run.py"


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Return a function that runs the program in this process: exit status, stdout, stderr."""
    spec = importlib.util.spec_from_file_location("run_program", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 2)
    monkeypatch.chdir(tmp_path)

    def call(*words):
        monkeypatch.setattr(sys, "argv", [str(PROGRAM), *words])
        status = run_command(module.run)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


QUICK = ("--stream", "addition", "--model", "mlp256", "--data", "embedded", "--recipe", "quick", "--jobs", "1")


def refused(answer, *words):
    status, out, err = answer
    assert status == 2
    assert out == ""
    lines = err.strip().splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--stream", "nope"), ("unknown stream 'nope'", "text-image")),
        (("--stream", "ag_news,nope"), ("unknown data set 'nope'",)),
        (("--stream", "mnist,mnist"), ("mnist more than once",)),
        (("--model", "nope"), ("unknown model 'nope'", "chaos2k")),
        (("--baselines", "ewc,nope"), ("unknown baseline 'nope'", "naive")),
        (("--baselines", "ewc,ewc"), ("ewc more than once",)),
        (("--baselines", ""), ("--baselines is empty",)),
        (("--seeds", "0"), ("--seeds 0",)),
        (("--seeds", "many"), ("--seeds",)),
        (("--scenario", "nope"), ("unknown scenario 'nope'", "task, class")),
        (("--recipe", "nope"), ("unknown recipe 'nope'",)),
        (("--encoders", "nope"), ("unknown --encoders 'nope'",)),
        (("--image-pool", "nope"), ("unknown --image-pool 'nope'",)),
        (("--mode", "nope"), ("unknown --mode 'nope'",)),
        (("--wandb", "nope"), ("unknown --wandb 'nope'",)),
        (("--device", "tpu"), ("unknown --device 'tpu'",)),
        (("--jobs", "-1"), ("--jobs -1",)),
        (("--repetitions", "0"), ("--repetitions 0",)),
        (("--data", "nope"), ("unknown --data 'nope'",)),
        (("--data-dir", "/nowhere"), ("--data-dir /nowhere: no such folder",)),
        (("--data", "embedded", "--data-dir", "/nowhere"), ("contradict",)),
        (("--baselines-dir", "/nowhere"), ("no baselines in /nowhere",)),
        (("--unknown-option",), ("--unknown-option",)),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(command, tmp_path, words, expected):
    refused(command(*words), *expected)
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_mirror_file_is_one_line(command, tmp_path, write_mirror):
    mirror = write_mirror(tmp_path / "mirror", "mnist")
    file = mirror / "mnist" / "train.parquet"
    file.write_bytes(file.read_bytes()[:-50])
    refused(
        command("--stream", "mnist", "--data-dir", str(mirror)),
        "train.parquet is not a readable Parquet file",
        "--data-dir",
        "--data embedded",
    )
    assert not (tmp_path / "results").exists()


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("a tiny tmpfs cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_for_results_is_one_line_before_training(command, tiny_disk):
    refused(command(*QUICK, "--out", str(tiny_disk / "out")), "no space left", "--out")
    assert list(tiny_disk.iterdir()) == []


def test_a_full_disk_for_prepared_data_is_one_line(command, tiny_disk, monkeypatch):
    monkeypatch.setenv("CHAOSCL_CACHE", str(tiny_disk))
    refused(command("--stream", "mnist", "--data", "embedded"), "no space left", "CHAOSCL_CACHE")
    assert [path.suffix for path in tiny_disk.rglob("*") if path.is_file()] in ([], [".lock"])


AGGREGATES = ("retention.csv", "forgetting.csv", "summary.csv", "runs.csv", "data.csv", "command.txt")


def test_the_same_command_gives_the_same_bytes(command, tmp_path):
    for name in ("one", "two"):
        assert command(*QUICK, "--seeds", "2", "--baselines", "naive,joint", "--out", name)[0] == 0
    for name in AGGREGATES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    summary = schema.read_csv(schema.SUMMARY, tmp_path / "one" / "summary.csv")
    assert list(dict.fromkeys(summary["baseline"])) == ["naive", "joint"]
    assert (tmp_path / "one" / "command.txt").read_text() == (
        "python benchmarks/run.py --stream addition --model mlp256 --seeds 2 --baselines naive,joint --recipe quick"
        " --data embedded\n"
    )


def test_finished_runs_are_kept_and_force_runs_them_again(command, tmp_path):
    words = (*QUICK, "--seeds", "1", "--baselines", "naive", "--out", "out")
    assert command(*words)[0] == 0
    (spec,) = (tmp_path / "out").rglob("spec.json")
    first = spec.stat().st_ino
    status, _, err = command(*words)
    assert status == 0
    assert "1 of 1 runs are finished already" in err
    assert spec.stat().st_ino == first
    assert command(*words, "--force")[0] == 0
    assert spec.stat().st_ino != first


def test_kept_runs_of_other_source_code_are_pointed_out(command, tmp_path):
    words = (*QUICK, "--seeds", "1", "--baselines", "naive", "--out", "out")
    command(*words)
    (spec,) = (tmp_path / "out").rglob("spec.json")
    spec.write_text(spec.read_text().replace('"code": "', '"code": "other'))
    assert "made by other source code" in command(*words)[2]


def test_a_baseline_is_added_with_one_file(command, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    naive = (ROOT / "baselines" / "naive.py").read_text()
    (folder / "patient.py").write_text(naive.replace("fine-tuning, nothing", "fine-tuning, patiently, nothing"))
    status, out, _ = command(*QUICK, "--baselines-dir", str(folder), "--baselines", "patient", "--seeds", "1")
    assert status == 0
    assert "patient" in out


def test_a_failed_run_stays_as_a_row(command, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "broken.py").write_text(
        "from chaoscl.runs.baseline import Baseline\n"
        "BASELINE = Baseline(summary='x', build=lambda setup: 1 / 0, source='x')\n"
    )
    status, _, err = command(
        *QUICK, "--baselines-dir", str(folder), "--baselines", "broken", "--seeds", "1", "--out", "o"
    )
    assert status == 1
    assert "ZeroDivisionError" in err
    assert "Traceback" not in err
    runs = schema.read_csv(schema.RUNS, tmp_path / "o" / "runs.csv")
    assert runs[["status", "message"]].values.tolist() == [["failed", "ZeroDivisionError: division by zero"]]


def test_real_and_embedded_results_never_share_a_folder(command, tmp_path, write_mirror):
    mirror = write_mirror(tmp_path / "mirror", "mnist")
    words = ("--stream", "mnist", "--model", "mlp256", "--recipe", "quick", "--seeds", "1", "--baselines", "naive")
    assert command(*words, "--jobs", "1", "--data-dir", str(mirror), "--out", "shared")[0] == 0
    before = {path: path.read_bytes() for path in (tmp_path / "shared").rglob("*") if path.is_file()}
    refused(command(*words, "--data", "embedded", "--out", "shared"), "holds results on mirror data", "--out")
    assert {path: path.read_bytes() for path in (tmp_path / "shared").rglob("*") if path.is_file()} == before


def test_embedded_results_are_marked_and_go_to_a_folder_of_their_own(command, tmp_path):
    words = ("--stream", "mnist", "--model", "mlp256", "--recipe", "quick", "--baselines", "naive", "--seeds", "1")
    status, out, _ = command(*words, "--data", "embedded")
    assert status == 0
    assert "EMBEDDED" in out
    summary = schema.read_csv(
        schema.SUMMARY, tmp_path / "results" / "embedded" / "mnist-mlp256-recipe-quick" / "summary.csv"
    )
    assert set(summary["data"]) == {"embedded"}


def test_addition_is_the_same_from_every_source(command, tmp_path):
    status, out, _ = command(*QUICK, "--seeds", "1", "--baselines", "naive")
    assert status == 0
    assert "EMBEDDED" not in out
    data = schema.read_csv(schema.DATA, tmp_path / "results" / "addition-mlp256-recipe-quick" / "data.csv")
    assert data["source"].tolist() == ["generated"]


def test_intransigence_is_there_when_independent_is(command, tmp_path):
    command(*QUICK, "--seeds", "1", "--baselines", "naive,independent", "--out", "o")
    summary = schema.read_csv(schema.SUMMARY, tmp_path / "o" / "summary.csv").set_index(["baseline", "metric"])
    assert summary.loc[("naive", "intransigence"), "n"] == 1
    assert summary.loc[("independent", "intransigence"), "mean"] == 0


def test_the_program_runs_as_printed_and_is_quiet_off_a_terminal(tmp_path):
    words = [sys.executable, str(PROGRAM), *QUICK, "--seeds", "1", "--baselines", "naive", "--out", str(tmp_path / "o")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ}, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stderr.splitlines() == ["naive seed 0: finished"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_is_one_line_and_leaves_nothing_half_written(tmp_path, jobs):
    words = [sys.executable, str(PROGRAM), "--stream", "addition", "--data", "embedded", "--recipe", "seed"]
    words += ["--baselines", "naive,joint", "--jobs", jobs, "--out", str(tmp_path / "o")]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True)
    line = process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)
    rest = process.communicate(timeout=60)[1].splitlines()
    assert process.returncode == 130
    assert line.endswith("finished\n")
    assert rest[-1] == "stopped; finished runs are kept, the same command goes on from there"
    assert all(other.endswith("finished") for other in rest[:-1])
    runs = {path.parent for path in (tmp_path / "o").rglob("*") if path.is_file()}
    assert all((run / "spec.json").exists() for run in runs)


@pytest.mark.real
def test_a_real_truncated_file_is_one_line(command, tmp_path, mirror):
    folder = tmp_path / "cut" / "mnist"
    folder.mkdir(parents=True)
    for split in ("train", "test"):
        shutil.copy(mirror / "mnist" / f"{split}.parquet", folder)
    cut = folder / "test.parquet"
    cut.chmod(0o644)
    cut.write_bytes(cut.read_bytes()[:100_000])
    assert pq.read_schema(mirror / "mnist" / "test.parquet")
    refused(command("--stream", "mnist", "--data-dir", str(folder.parent)), "test.parquet")
