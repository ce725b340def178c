"""The command as a user types it: acceptance of what it refuses, writes and repeats."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from chaoscl.evaluation import schema
from chaoscl.listing import listing
from chaoscl.runs.baseline import BASELINES

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "benchmarks" / "run.py"


@pytest.fixture
def command(program):
    """Return a function that runs the program in this process: exit status, stdout, stderr."""
    return program("run")


QUICK = ("--stream", "addition", "--model", "mlp256", "--data", "embedded", "--recipe", "quick", "--jobs", "1")


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
        (("--scenario", "nope"), ("unknown scenario 'nope'", "task, domain, class")),
        (("--recipe", "nope"), ("unknown recipe 'nope'",)),
        (("--encoders", "modality"), ("write --model chaos2k:encoders=modality",)),
        (("--image-pool", "global"), ("write --model chaos2k:pool=global",)),
        (("--mode", "feedback"), ("write --model chaos2k:mode=feedback",)),
        (("--model", "chaos2k:mode=nope"), ("unknown value of mode 'nope'", "recurrent, replica, feedback")),
        (("--model", "chaos2k,chaos2k:ticks=10"), ("--model names chaos2k more than once",)),
        (("--train-rows", "-1"), ("--train-rows -1",)),
        (("--include", "/nowhere.py"), ("--include /nowhere.py", "no such file")),
        (("--kernel", "nope"), ("--kernel nope", "auto, torch, fused")),
        (
            ("--kernel", "fused", "--model", "chaos2k:mode=feedback"),
            ("--kernel fused", "mode=feedback", "torch or auto"),
        ),
        (("--kernel", "fused", "--model", "mlp400"), ("--kernel fused", "nothing for mlp400")),
        (("--precision", "half"), ("unknown --precision 'half'", "bfloat16")),
        (("--wandb", "nope"), ("unknown --wandb 'nope'",)),
        (("--device", "tpu"), ("unknown --device 'tpu'",)),
        (("--jobs", "-1"), ("--jobs -1",)),
        (("--repetitions", "0"), ("--repetitions 0",)),
        (("--data", "nope"), ("unknown --data 'nope'",)),
        (("--data-dir", "/nowhere"), ("--data-dir /nowhere: no such folder",)),
        (("--data", "embedded", "--data-dir", "/nowhere"), ("contradict",)),
        (("--baselines-dir", "/nowhere"), ("write --include FOLDER",)),
        (("--unknown-option",), ("--unknown-option",)),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(command, refused, tmp_path, words, expected):
    refused(command(*words), *expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (
            {"train_without": (4, 5)},
            "task 'mnist-3' has no row in the train split of mnist: none has one of its classes, 4, 5",
        ),
        (
            {"test_without": (8, 9)},
            "task 'mnist-5' has no row in the test split of mnist: none has one of its classes, 8, 9",
        ),
    ],
)
def test_a_task_without_rows_is_one_line_before_training(command, refused, tmp_path, write_mirror, missing, words):
    mirror = write_mirror(tmp_path / "mirror", "mnist", 400, **missing)
    refused(command("--stream", "split-mnist", "--data-dir", str(mirror)), words)
    assert not (tmp_path / "results").exists()


def test_what_weakens_a_task_is_said_on_the_terminal_and_in_data_csv(command, tmp_path, write_mirror):
    mirror = write_mirror(tmp_path / "mirror", "mnist", train_without=(4,), test_without=(8, 9))
    words = ("--stream", "mnist", "--model", "mlp256", "--recipe", "quick", "--seeds", "1", "--baselines", "naive")
    status, _, err = command(*words, "--jobs", "1", "--data-dir", str(mirror), "--out", "o")
    assert status == 0
    said = ("train: no row of 1 of 10 classes (4).", "test: no row of 2 of 10 classes (8, 9).")
    for line in said:
        assert f"mnist: {line}\n" in err
    assert schema.read_csv(schema.DATA, tmp_path / "o" / "data.csv")["note"].tolist() == [" ".join(said)]


def test_a_truncated_mirror_file_is_one_line(command, refused, tmp_path, write_mirror):
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


def test_a_full_disk_for_results_is_one_line_before_training(command, refused, tiny_disk):
    refused(command(*QUICK, "--out", str(tiny_disk / "out")), "no space left", "--out")
    assert list(tiny_disk.iterdir()) == []


def test_a_full_disk_for_prepared_data_is_one_line(command, refused, tiny_disk, monkeypatch):
    monkeypatch.setenv("CHAOSCL_CACHE", str(tiny_disk))
    refused(command("--stream", "mnist", "--data", "embedded"), "no space left", "CHAOSCL_CACHE")
    assert [path.suffix for path in tiny_disk.rglob("*") if path.is_file()] in ([], [".lock"])


AGGREGATES = (
    schema.MATRICES,
    schema.FOLDER_CURVES,
    schema.RETENTION,
    schema.FORGETTING,
    schema.SUMMARY,
    schema.COMPARISONS,
    schema.COSTS,
    schema.RUNS,
    schema.DATA,
)


def test_the_same_command_gives_the_same_bytes(command, tmp_path):
    for name in ("one", "two"):
        options = ("--seeds", "2", "--baselines", "naive,joint", "--kernel", "torch")
        assert command(*QUICK, *options, "--out", name)[0] == 0
    for name in (*(table.name for table in AGGREGATES), "command.txt"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert names == {*(table.name for table in AGGREGATES), "timings.csv", "command.txt", "runs"}
    for table in (*AGGREGATES, schema.TIMINGS):
        assert len(schema.read_csv(table, tmp_path / "one" / table.name)), table.name
    summary = schema.read_csv(schema.SUMMARY, tmp_path / "one" / "summary.csv")
    assert list(dict.fromkeys(summary["baseline"])) == ["naive", "joint"]
    assert (tmp_path / "one" / "command.txt").read_text() == (
        "chaoscl run --stream addition --model mlp256 --seeds 2 --baselines naive,joint --recipe quick"
        " --kernel torch --data embedded\n"
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
    status, out, _ = command(*QUICK, "--include", str(folder), "--baselines", "naive,patient", "--seeds", "1")
    assert status == 0
    assert "patient" in out


BROKEN = (
    "from chaoscl.runs.baseline import Baseline\n"
    "BASELINE = Baseline(summary='x', build=lambda setup: 1 / 0, source='x')\n"
)


@pytest.mark.parametrize("baselines", ["broken,naive", "broken"])
def test_a_failed_run_stays_as_a_row(command, tmp_path, baselines):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "broken.py").write_text(BROKEN)
    words = (*QUICK, "--include", str(folder), "--baselines", baselines, "--seeds", "1", "--out", "o")
    status, _, err = command(*words)
    assert status == 1
    assert "ZeroDivisionError" in err
    assert "Traceback" not in err
    runs = schema.read_csv(schema.RUNS, tmp_path / "o" / "runs.csv").set_index("baseline")
    assert runs.index.tolist() == baselines.split(",")
    assert runs.loc["broken", ["status", "message"]].tolist() == ["failed", "ZeroDivisionError: division by zero"]
    assert (tmp_path / "o" / "costs.csv").read_text().count("\n") == len(runs)


def test_real_and_embedded_results_never_share_a_folder(command, refused, tmp_path, write_mirror):
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


def test_what_a_reader_must_know_of_a_baseline_stands_under_the_tables(command):
    out = command(*QUICK, "--seeds", "1", "--baselines", "naive,lwf", "--out", "o")[1]
    assert f"\nlwf: {BASELINES['lwf'].note}\n" in out
    assert "\nnaive:" not in out


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
    reached = schema.read_csv(schema.SUMMARY, tmp_path / "o" / "summary.csv").set_index("metric")["mean"]
    finished = f"naive seed 0: finished, average accuracy {100 * reached['average_accuracy']:.1f} %"
    # The addition data, as ChaosNet split them, are remarked on first.
    told = [line for line in done.stderr.splitlines() if not line.startswith("addition: ")]
    assert told == [finished, f"written to {tmp_path / 'o'}"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_is_one_line_and_leaves_nothing_half_written(tmp_path, jobs):
    words = [sys.executable, str(PROGRAM), "--stream", "addition", "--data", "embedded", "--recipe", "seed"]
    words += ["--baselines", "naive,joint", "--jobs", jobs, "--out", str(tmp_path / "o")]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True)
    line = next(line for line in process.stderr if not line.startswith("addition: "))
    os.killpg(process.pid, signal.SIGINT)
    rest = process.communicate(timeout=60)[1].splitlines()
    assert process.returncode == 130
    assert ": finished, average accuracy" in line
    assert rest[-1] == "stopped; finished runs are kept, the same command goes on from there"
    assert all(": finished, average accuracy" in other for other in rest[:-1])
    runs = {path.parent for path in (tmp_path / "o").rglob("*") if path.is_file()}
    assert all((run / "spec.json").exists() for run in runs)


@pytest.mark.real
def test_a_real_truncated_file_is_one_line(command, refused, tmp_path, mirror):
    folder = tmp_path / "cut" / "mnist"
    folder.mkdir(parents=True)
    for split in ("train", "test"):
        shutil.copy(mirror / "mnist" / f"{split}.parquet", folder)
    cut = folder / "test.parquet"
    cut.chmod(0o644)
    cut.write_bytes(cut.read_bytes()[:100_000])
    assert pq.read_schema(mirror / "mnist" / "test.parquet")
    refused(command("--stream", "mnist", "--data-dir", str(folder.parent)), "test.parquet")


def run_specs(folder):
    """Return the specifications of the finished runs in a results folder, in the order of runs.csv."""
    runs = schema.read_csv(schema.RUNS, folder / "runs.csv")
    assert set(runs["status"]) == {"finished"}
    return [json.loads((folder / "runs" / run / "spec.json").read_text()) for run in runs["run"]]


PAIR = ("--stream", "ag_news,addition", *QUICK[2:], "--baselines", "naive", "--out", "o")


@pytest.mark.parametrize(
    ("words", "orders"),
    [
        ((), [("given", ["ag_news", "addition"])]),
        (("--order", "given"), [("given", ["ag_news", "addition"])]),
        (("--order", "reversed"), [("reversed", ["addition", "ag_news"])]),
        (("--reverse",), [("reversed", ["addition", "ag_news"])]),
        (("--order", "2-1"), [("2-1", ["addition", "ag_news"])]),
        (("--order", "all"), [("1-2", ["ag_news", "addition"]), ("2-1", ["addition", "ag_news"])]),
    ],
)
def test_tasks_are_learned_in_the_order_that_is_asked_for(command, tmp_path, words, orders):
    assert command(*PAIR, "--seeds", "1", *words)[0] == 0
    specs = run_specs(tmp_path / "o")
    assert [(spec["spec"]["order"], spec["stream"]["tasks"]) for spec in specs] == orders
    costs = schema.read_csv(schema.COSTS, tmp_path / "o" / "costs.csv")
    assert costs["order"].tolist() == [order for order, _ in orders]
    rows = schema.read_csv(schema.RETENTION, tmp_path / "o" / "retention.csv")
    tasks = orders[0][1] if len(orders) == 1 else ["position 1", "position 2"]
    assert rows["task"].tolist() == tasks * 3
    assert set(rows["n"]) == {len(orders)}


def test_shuffle_draws_an_order_for_each_seed(command, tmp_path):
    assert command(*PAIR, "--seeds", "4", "--order", "shuffle")[0] == 0
    specs = run_specs(tmp_path / "o")
    assert {spec["spec"]["order"] for spec in specs} == {"shuffle"}
    drawn = [tuple(spec["stream"]["tasks"]) for spec in specs]
    assert set(drawn) == {("ag_news", "addition"), ("addition", "ag_news")}
    assert [spec["spec"]["seed"] for spec in specs] == [0, 1, 2, 3]


@pytest.mark.parametrize("order", ["", "2", "0-1", "1-1", "1-3", "1-2-3", "2-1-", "2,1", "sideways", "Given"])
def test_an_order_that_is_none_is_one_line_and_writes_nothing(command, refused, tmp_path, order):
    refused(command(*PAIR, "--order", order), f"--order '{order}'", "1 to 2", "such as 2-1")
    assert list(tmp_path.iterdir()) == []


def test_more_orders_than_anybody_would_run_are_one_line(command, refused, tmp_path):
    refused(command("--stream", "seed-six", "--order", "all"), "--order all", "more than 120", "--order shuffle")
    assert list(tmp_path.iterdir()) == []


def test_two_orders_at_once_are_one_line(command, refused):
    refused(command(*PAIR, "--seeds", "1", "--order", "shuffle", "--reverse"), "--reverse")


def test_changed_values_reach_the_runs_of_their_baseline_only(command, tmp_path):
    words = ("--baselines", "naive,ewc,replay", "--hyper", "ewc.ewc_lambda=2.5, replay.memory=1e1", "--out", "o")
    assert command(*QUICK, "--seeds", "1", *words)[0] == 0
    specs = {spec["spec"]["baseline"]: spec for spec in run_specs(tmp_path / "o")}
    values = {name: spec["hyper_parameters"] for name, spec in specs.items()}
    ewc = BASELINES["ewc"].values({"ewc_lambda": 2.5})
    assert values == {"naive": {}, "ewc": ewc, "replay": {"memory": 10}}
    runs = schema.read_csv(schema.RUNS, tmp_path / "o" / "runs.csv").set_index("baseline")["hyper"]
    assert runs.to_dict() == {"naive": "", "ewc": "ewc_lambda=2.5", "replay": "memory=10"}
    stored = schema.read_csv(schema.COSTS, tmp_path / "o" / "costs.csv").set_index("baseline")["stored_samples"]
    assert stored["replay"] == 10


@pytest.mark.parametrize(
    ("hyper", "expected"),
    [
        ("nope.rate=1", ("'nope.rate=1'", "nope is not among --baselines naive,ewc")),
        ("replay.memory=1", ("'replay.memory=1'", "replay is not among --baselines naive,ewc")),
        ("ewc.nope=1", ("unknown hyper-parameter 'nope'", "ewc_lambda")),
        ("naive.rate=1", ("unknown hyper-parameter 'rate'", "none")),
        ("ewc.ewc_lambda=fast", ("ewc_lambda = 'fast'", "a number is needed")),
        ("ewc.ewc_lambda", ("write baseline.name=value",)),
        ("ewc.ewc_lambda=", ("write baseline.name=value",)),
        ("ewc_lambda=1", ("write baseline.name=value",)),
        ("ewc.=1", ("write baseline.name=value",)),
        ("ewc.ewc_lambda=1,=", ("write baseline.name=value",)),
        ("ewc ewc_lambda=1", ("write baseline.name=value",)),
    ],
)
def test_a_bad_hyper_parameter_is_one_line_and_writes_nothing(command, refused, tmp_path, hyper, expected):
    refused(command(*QUICK, "--baselines", "naive,ewc", "--hyper", hyper), *expected)
    assert list(tmp_path.iterdir()) == []


def test_all_stands_for_every_baseline(command, tmp_path):
    status, out, _ = command(*QUICK, "--seeds", "1", "--baselines", "all", "--out", "o")
    assert status == 0
    runs = schema.read_csv(schema.RUNS, tmp_path / "o" / "runs.csv")
    assert runs["baseline"].tolist() == ["naive", *(name for name in BASELINES if name != "naive")]
    assert set(runs["status"]) == {"finished"}
    assert all(name in out for name in BASELINES)


@pytest.mark.parametrize(("scenario", "heads"), [("task", 2), ("domain", 1), ("class", 2)])
def test_domains_share_a_head_where_tasks_have_equally_many_classes(command, tmp_path, scenario, heads):
    words = ("--stream", "mnist,fashion_mnist", *QUICK[2:], "--seeds", "1", "--baselines", "naive", "--out", "o")
    assert command(*words, "--scenario", scenario)[0] == 0
    (spec,) = run_specs(tmp_path / "o")
    sizes = {part["name"]: part["parameters"] for part in spec["parameters"] if part["name"].startswith("head")}
    assert sizes == {f"head {number + 1}": 33 * 10 for number in range(heads)}
    summary = schema.read_csv(schema.SUMMARY, tmp_path / "o" / "summary.csv")
    assert set(summary["scenario"]) == {scenario}
    # before a task's head has been trained its answers are chance, and nothing is transferred by it
    transfer = summary.set_index("metric").loc["forward_transfer"]
    assert transfer["n"] == (1 if scenario == "domain" else 0)


def test_the_best_validation_accuracy_of_a_run_is_that_of_its_curves(command, tmp_path):
    words = ("--seeds", "1", "--baselines", "naive,joint", "--out", "o")
    assert command(*QUICK, *words)[0] == 0
    summary = schema.read_csv(schema.SUMMARY, tmp_path / "o" / "summary.csv").set_index(["baseline", "metric"])
    for line in schema.read_csv(schema.RUNS, tmp_path / "o" / "runs.csv").to_dict("records"):
        curves = schema.read_csv(schema.CURVES, tmp_path / "o" / "runs" / line["run"] / "curves.csv")
        best = curves.groupby("experience")["validation_accuracy"].max()
        assert summary.loc[(line["baseline"], "best_validation_accuracy"), "mean"] == pytest.approx(
            best.mean(), abs=1e-6
        )


def test_the_online_recipe_sees_each_sample_once(command, tmp_path):
    words = (*QUICK[:-4], "--recipe", "online", "--jobs", "1", "--seeds", "1", "--baselines", "naive", "--out", "o")
    assert command(*words)[0] == 0
    (cost,) = schema.read_csv(schema.COSTS, tmp_path / "o" / "costs.csv").to_dict("records")
    assert (cost["samples"], cost["optimiser_steps"]) == (160, 16)


CHOSEN = (
    "baseline,label,values,score,default_score,trials,tasks,seeds,samples,macs\n"
    '{0},tuned,"{1}",0.5,0.4,3,1,1000000,480,1\n'
    "naive,tuned,,0.5,0.5,1,1,1000000,160,1\n"
    "lwf,tuned,lwf.alpha=7,0.5,0.4,3,1,1000000,480,1\n"
)


def test_values_that_a_search_chose_are_used_and_given_ones_come_before_them(command, tmp_path):
    (tmp_path / "chosen.csv").write_text(CHOSEN.format("derpp", "derpp.alpha=0.3,derpp.beta=0.2"))
    words = (*QUICK, "--seeds", "1", "--baselines", "naive,derpp", "--tuned", "chosen.csv", "--out", "o")
    assert command(*words, "--hyper", "derpp.beta=4")[0] == 0
    values = {spec["spec"]["baseline"]: spec["hyper_parameters"] for spec in run_specs(tmp_path / "o")}
    assert values == {"naive": {}, "derpp": {"memory": 1000, "alpha": 0.3, "beta": 4.0}}
    assert "derpp.alpha=0.3" in (tmp_path / "o" / "command.txt").read_text()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "chosen.csv"),
        ("", "empty"),
        ("baseline,metric\nnaive,x\n", "column"),
        (CHOSEN.format("ewc", "ewc.ewc_lambda=1").replace("0.4", "much"), "'much' is not a number"),
        (CHOSEN.format("ewc", "ewc.nope=1"), "unknown hyper-parameter 'nope'"),
        (CHOSEN.format("ewc", "ewc_lambda=1"), "write baseline.name=value"),
    ],
)
def test_a_file_that_no_search_wrote_is_one_line_and_writes_nothing(command, refused, tmp_path, content, expected):
    file = tmp_path / "chosen.csv"
    if content is not None:
        file.write_text(content)
    before = list(tmp_path.iterdir())
    refused(command(*QUICK, "--baselines", "naive,ewc", "--tuned", "chosen.csv"), expected)
    assert list(tmp_path.iterdir()) == before


def test_the_list_is_printed_and_nothing_is_written(command, refused, tmp_path):
    status, out, err = command("--list")
    assert (status, err) == (0, "")
    kinds = [block.splitlines()[0] for block in out.strip().split("\n\n")]
    assert kinds == ["streams", "scenarios", "models", "trunks", "encoders", "baselines", "recipes", "data sets"]
    for kind, lines in listing().items():
        (block,) = [block for block in out.strip().split("\n\n") if block.startswith(f"{kind}\n")]
        shown = [line.split(None, 1) for line in block.splitlines()[1:]]
        assert shown == [[name, line] for name, line in lines.items()]
    refused(command("--list", "--include", "/nowhere"), "--include /nowhere")
    assert list(tmp_path.iterdir()) == []
