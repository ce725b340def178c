import pytest


@pytest.fixture
def well_formed():
    """Return a check of rows: each case once for its unit, with a value for every round."""

    def check(rows):
        names = [(row.case, row.unit) for row in rows]
        assert len(set(names)) == len(names)
        for row in rows:
            assert len(row.values) >= 1
            assert not row.against or row.unit == "times as long"

    return check
