"""Measuring speed, as a user types it; what is measured is tested in tests/benchmarks/timing."""

import json

import pytest

from chaoscl.evaluation import schema
from timing.report import SPEED


def test_the_parts_asked_for_are_measured_and_written(program, tmp_path):
    status, out, err = program("speed")("--parts", "cortex", "--rounds", 1, "--out", "o")
    assert status == 0, err
    assert "Linear + ReLU" in out
    frame = schema.read_csv(SPEED, tmp_path / "o" / SPEED.name)
    assert set(frame["part"]) == {"cortex"}
    assert set(frame["rounds"]) == {1}
    assert (tmp_path / "o" / "speed.svg").is_file()
    assert json.loads((tmp_path / "o" / "machine.json").read_text())["cores"] >= 1
    command = (tmp_path / "o" / "command.txt").read_text()
    assert command == "python benchmarks/speed.py --parts cortex --rounds 1\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--parts", "nope"), ("unknown part 'nope'", "cortex")),
        (("--parts", ""), ("at least one part",)),
        (("--rounds", "-1"), ("--rounds",)),
    ],
)
def test_what_cannot_be_measured_is_refused(program, refused, options, words):
    refused(program("speed")(*options), *words)
