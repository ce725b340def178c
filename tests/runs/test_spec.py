from dataclasses import replace

import pytest

from chaoscl.errors import UserError
from chaoscl.models import ModelOptions
from chaoscl.runs.spec import RunSpec, run_hash

SPEC = RunSpec("text-image", "task", "chaos2k", "naive", 0)
DATA, VERSIONS = {"mnist": "abc"}, {"torch": "1"}


@pytest.mark.parametrize(
    "change",
    [
        {"stream": "seed-three"},
        {"reverse": True},
        {"scenario": "class"},
        {"model": "chaos4k"},
        {"baseline": "ewc"},
        {"seed": 1},
        {"recipe": "quick"},
        {"options": ModelOptions(mode="replica")},
        {"repetitions": 5},
        {"device": "cuda"},
    ],
)
def test_every_part_of_the_specification_changes_the_hash(change):
    assert run_hash(SPEC, DATA, "b", VERSIONS) != run_hash(replace(SPEC, **change), DATA, "b", VERSIONS)


def test_data_baseline_and_versions_change_the_hash():
    hashes = {
        run_hash(SPEC, DATA, "b", VERSIONS),
        run_hash(SPEC, {"mnist": "abd"}, "b", VERSIONS),
        run_hash(SPEC, DATA, "c", VERSIONS),
        run_hash(SPEC, DATA, "b", {"torch": "2"}),
    }
    assert len(hashes) == 4


def test_the_hash_does_not_depend_on_the_order_of_the_data():
    first, second = {"a": "1", "b": "2"}, {"b": "2", "a": "1"}
    assert run_hash(SPEC, first, "b", VERSIONS) == run_hash(SPEC, second, "b", VERSIONS)


@pytest.mark.parametrize(
    ("change", "message"), [({"seed": -1}, "seed -1 is negative"), ({"repetitions": 0}, "repetitions 0")]
)
def test_a_bad_number_is_one_line(change, message):
    with pytest.raises(UserError, match=message):
        replace(SPEC, **change)
