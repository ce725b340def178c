"""Offline logging with the installed wandb, read back from the file that it wrote."""

import base64
import hashlib
import json
import math
import struct
import time

import pytest
from wandb.proto import wandb_internal_pb2 as records

from chaoscl.errors import UserError
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.evaluation.stored import read_run
from chaoscl.reports import wandb_log

BLOCK = 32768


def read_records(data):
    """Yield the records in the bytes of a .wandb file: LevelDB's log format, after a header of seven bytes."""
    position, parts = 7, b""
    while position + 7 <= len(data):
        left = BLOCK - position % BLOCK
        if left < 7:
            position += left
            continue
        length, kind = struct.unpack_from("<HB", data, position + 4)
        if position + 7 + length > len(data):
            return
        parts += data[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):
            record = records.Record()
            record.ParseFromString(parts)
            parts = b""
            yield record


def finished_records(path, patience=60.0):
    """Return all records, once W&B's own process has written the last one, which it does after finish() returns."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        data = path.read_bytes()
        found = list(read_records(data))
        if any(record.HasField("exit") for record in found):
            assert data[:4] == b":W&B"
            return found
        time.sleep(0.05)
    raise AssertionError(f"W&B has not finished {path.name} after {patience} seconds")


def items(entries):
    return {entry.key or "/".join(entry.nested_key): json.loads(entry.value_json) for entry in entries}


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))


@pytest.fixture
def run(tmp_path):
    """A finished run, written by hand."""
    folder = tmp_path / "out" / "runs" / "seed0-abc"
    folder.mkdir(parents=True)
    spec = {
        "hash": "abcdef012345",
        "spec": {"baseline": "naive", "seed": 0, "scenario": "task", "model": "m"},
        "stream": {"name": "s"},
        "model": "m",
    }
    (folder / "spec.json").write_text(json.dumps(spec))
    nan = math.nan
    RetentionMatrix(("a", "b"), [[0.1, 0.2], [nan, nan], [0.7, 0.8]], [[0, 0], [nan, nan], [0, 0]], 1).write_csv(
        folder / "retention_matrix.csv"
    )
    (folder / "curves.csv").write_text(
        "experience,task,epoch,loss,running_train_accuracy,train_accuracy,validation_accuracy,learning_rate\n"
        "1,a,1,1.500000,0.450000,0.500000,0.400000,1.000000e-03\n"
        "2,b,1,0.500000,0.850000,0.900000,0.800000,2.000000e-03\n"
    )
    (folder / "metrics.json").write_text(
        json.dumps({"metrics": {"average_accuracy": 0.75, "backward_transfer": None}, "cost": {"samples": 9}})
    )
    return read_run(folder)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def logged(run, out):
    """The records of an offline log of the run, and the folder of its files."""
    wandb_log.log_runs([run], "offline", out)
    (file,) = out.glob("wandb/offline-run-*/*.wandb")
    return finished_records(file), file.parent / "files"


def the(found, kind):
    """Return the records of a kind."""
    return [getattr(record, kind) for record in found if record.HasField(kind)]


def test_an_offline_run_holds_the_whole_specification_and_is_grouped_by_baseline(run, logged):
    header = the(logged[0], "run")[0]
    config = items(header.config.update)
    assert config == run.spec | {"_wandb": config["_wandb"]}
    assert (header.run_id, header.run_group, header.job_type) == ("abcdef012345", "s/task/m/naive", "naive")
    assert header.display_name == "naive seed 0"


def test_its_history_is_the_curves_and_then_the_retention_matrix(run, logged):
    history = [items(record.item) for record in the(logged[0], "history")]
    curves = run.curves.to_dict("records")
    for point, row in zip(history[: len(curves)], curves, strict=True):
        assert (point["experience"], point["epoch"]) == (row["experience"], row["epoch"])
        for name in ("loss", "running_train_accuracy", "train_accuracy", "validation_accuracy", "learning_rate"):
            assert point[f"{row['task']}/{name}"] == row[name]
    untrained, last = history[len(curves) :]
    wanted = {"tasks_learned": 0, "retention/a": 0.1, "retention/b": 0.2}
    assert wanted.items() <= untrained.items()
    assert wandb_log.SO_FAR not in untrained
    assert (last["tasks_learned"], last["retention/a"], last["retention/b"]) == (2, 0.7, 0.8)
    assert last[wandb_log.SO_FAR] == pytest.approx(run.metrics["metrics"]["average_accuracy"])
    axes = {record.glob_name: record.step_metric for record in the(logged[0], "metric")}
    assert axes["retention/*"] == "tasks_learned"


def test_its_summary_is_the_metrics_the_costs_and_the_last_row(logged):
    summary = {}
    for record in the(logged[0], "summary"):
        summary |= items(record.update)
    assert summary["average_accuracy"] == 0.75
    assert "backward_transfer" not in summary
    assert (summary["final/a"], summary["final/b"], summary["cost/samples"]) == (0.7, 0.8, 9)


def test_its_matrix_is_a_table_and_a_picture(logged):
    (table,) = logged[1].glob("media/table/retention_matrix*.json")
    held = json.loads(table.read_text())
    assert held["columns"][:4] == ["row", "after", "a", "b"]
    assert [line[2:4] for line in held["data"]] == [[0.1, 0.2], [None, None], [0.7, 0.8]]
    (picture,) = logged[1].glob("media/images/retention_heat_map*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_its_artifact_holds_the_run_s_files_byte_for_byte(run, logged):
    (artifact,) = (one for one in the(logged[0], "artifact") if one.type == "chaoscl-run")
    digests = {entry.path: entry.digest for entry in artifact.manifest.contents}
    assert set(digests) == {*wandb_log.FILES, "retention_heat_map.png"}
    for name in wandb_log.FILES:
        digest = hashlib.md5((run.folder / name).read_bytes(), usedforsecurity=False).digest()
        assert digests[name] == base64.b64encode(digest).decode()


def test_a_run_is_logged_once(run, out):
    for _ in range(2):
        wandb_log.log_runs([run], "offline", out)
    assert len(list(out.glob("wandb/offline-run-*"))) == 1


def test_a_run_that_was_made_anew_with_another_outcome_is_logged_again(run, out):
    wandb_log.log_runs([run], "offline", out)
    metrics = run.folder / "metrics.json"
    metrics.write_text(metrics.read_text().replace("0.75", "0.5"))
    wandb_log.log_runs([run], "offline", out)
    assert len(list(out.glob("wandb/*.done"))) == 2


@pytest.fixture
def login(monkeypatch):
    """A stand-in for wandb.login, which asks the network: a function to set what it answers."""
    import wandb

    def answer(outcome):
        def stand_in(prompt):
            assert not prompt
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(wandb, "login", stand_in)

    return answer


def test_online_without_a_login_is_one_line(login):
    login(False)
    with pytest.raises(UserError, match="not logged in to W&B; run 'wandb login' first, or use --wandb offline"):
        wandb_log.check_login()


def test_a_key_that_is_refused_is_one_line(login):
    from wandb.errors import AuthenticationError

    login(AuthenticationError("no such\nkey"))
    with pytest.raises(UserError, match=r"does not take this machine's key \(no such key\); run"):
        wandb_log.check_login()


def test_a_login_that_works_is_no_error(login):
    login(True)
    wandb_log.check_login()


def test_without_any_key_nothing_is_asked(monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    assert wandb_log.login_problem() == "not logged in to W&B"
