import dataclasses

import pytest


@pytest.fixture
def well_formed():
    """Return a check of rows: of one part, each case once for its unit, numbers in order."""

    def check(rows, part):
        assert {row.part for row in rows} == {part}
        names = [(row.case, row.unit) for row in rows]
        assert len(set(names)) == len(names)
        for row in rows:
            assert row.low <= row.value <= row.high
            assert row.rounds >= 1
            assert not dataclasses.asdict(row)["against"] or row.unit == "times as long"

    return check
