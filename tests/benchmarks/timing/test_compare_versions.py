"""Two checkouts side by side; here, this one beside itself."""

from pathlib import Path

import pandas as pd
import pytest

from chaoscl.evaluation import schema
from timing.compare_versions import VERSIONS

ROOT = Path(__file__).resolve().parents[3]
TINY = ("--stream", "addition", "--model", "mlp256", "--recipe", "quick", "--data", "embedded", "--baselines", "naive")


@pytest.fixture
def command(program):
    return program("timing/compare_versions")


def test_the_same_version_reaches_the_same_and_both_took_time(command, tmp_path):
    status, _, errors = command(str(ROOT), *TINY, "--out", "table.csv")
    assert status == 0, errors
    table = schema.read_csv(VERSIONS, tmp_path / "table.csv")
    (row,) = table.itertuples()
    assert row.accuracy_earlier == row.accuracy_now
    assert row.times_as_fast == pytest.approx(row.seconds_earlier / row.seconds_now, abs=1e-5)
    assert pd.Series([row.seconds_earlier, row.seconds_now]).gt(1).all()


def test_what_is_no_checkout_is_one_line(command, refused, tmp_path):
    refused(command(str(tmp_path), *TINY), "is no checkout of this project", "benchmarks/run.py")


def test_a_job_that_fails_is_one_line_and_leaves_no_table(command, refused, tmp_path):
    refused(command(str(ROOT), *TINY, "--recipe", "nope", "--out", "table.csv"), "the job failed")
    assert not (tmp_path / "table.csv").exists()
