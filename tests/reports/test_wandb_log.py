"""Offline logging with the installed wandb, read back from the file that it wrote."""

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


@pytest.fixture
def run(tmp_path):
    """A finished run, written by hand."""
    folder = tmp_path / "out" / "runs" / "seed0-abc"
    folder.mkdir(parents=True)
    spec = {
        "hash": "abcdef012345",
        "spec": {"baseline": "naive", "seed": 0, "scenario": "task", "model": "m"},
        "stream": {"name": "s"},
    }
    (folder / "spec.json").write_text(json.dumps(spec))
    nan = math.nan
    RetentionMatrix(("a", "b"), [[0.1, 0.2], [nan, nan], [0.7, 0.8]], [[0, 0], [nan, nan], [0, 0]], 1).write_csv(
        folder / "retention_matrix.csv"
    )
    (folder / "curves.csv").write_text(
        "experience,task,epoch,loss,train_accuracy,validation_accuracy,learning_rate\n"
        "1,a,1,1.500000,0.500000,0.400000,1.000000e-03\n"
        "2,b,1,0.500000,0.900000,0.800000,2.000000e-03\n"
    )
    (folder / "metrics.json").write_text(
        json.dumps({"metrics": {"average_accuracy": 0.75, "backward_transfer": None}, "cost": {"samples": 9}})
    )
    return read_run(folder)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_an_offline_run_holds_config_curves_matrix_and_summary(run, out):
    wandb_log.log_runs([run], "offline", out)
    (file,) = out.glob("wandb/offline-run-*/*.wandb")
    found = finished_records(file)
    config = items(next(record.run for record in found if record.HasField("run")).config.update)
    assert config["spec"] == run.spec["spec"]
    history = [items(record.history.item) for record in found if record.HasField("history")]
    curves = run.curves.to_dict("records")
    for point, row in zip(history, curves, strict=True):
        for name in ("loss", "train_accuracy", "validation_accuracy", "learning_rate"):
            assert point[f"{row['task']}/{name}"] == row[name]
    summary = {}
    for record in found:
        if record.HasField("summary"):
            summary |= items(record.summary.update)
    assert summary["average_accuracy"] == 0.75
    assert "backward_transfer" not in summary
    assert (summary["final/a"], summary["final/b"], summary["cost/samples"]) == (0.7, 0.8, 9)
    (table,) = out.glob("wandb/offline-run-*/files/media/table/retention_matrix*.json")
    logged = json.loads(table.read_text())
    assert logged["columns"][:4] == ["row", "after", "a", "b"]
    assert [line[2:4] for line in logged["data"]] == [[0.1, 0.2], [None, None], [0.7, 0.8]]


def test_a_run_is_logged_once(run, out):
    for _ in range(2):
        wandb_log.log_runs([run], "offline", out)
    assert len(list(out.glob("wandb/offline-run-*"))) == 1


def test_online_without_a_login_is_one_line(monkeypatch):
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", "/nowhere")
    import wandb

    monkeypatch.setattr(type(wandb.api), "api_key", property(lambda self: None))
    with pytest.raises(UserError, match="wandb login"):
        wandb_log.check_login()
