"""The check of a machine with a GPU, where there is none, and its parts, with stand-ins."""

import json

import pytest
import torch


@pytest.fixture
def command(program):
    """Return a function that runs the program in this process: exit status, stdout, stderr."""
    return program("cuda_check")


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is there")
def test_without_a_device_it_is_one_line_and_nothing_is_written(command, refused, tmp_path):
    refused(command("--out", "o"), "no CUDA device is there")
    assert not (tmp_path / "o").exists()


def test_a_part_that_fails_is_kept_and_the_others_still_run(command, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: (_ for _ in ()).throw(RuntimeError("no driver")))
    monkeypatch.setattr(
        "subprocess.run", lambda *_, **__: type("Done", (), {"returncode": 0, "stdout": "ok", "stderr": ""})
    )
    assert command("--out", "o", "--only", "machine,tests")[0] == 1
    report = json.loads((tmp_path / "o" / "report.json").read_text())
    assert report["machine"]["failed"][-1] == "RuntimeError: no driver"
    assert report["tests"]["result"] == {"status": 0, "output": ["ok"]}
