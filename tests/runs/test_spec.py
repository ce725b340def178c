import re
from dataclasses import fields, replace

import pytest

from chaoscl.errors import UserError
from chaoscl.models import ModelOptions
from chaoscl.runs.spec import RunSpec, run_hash

SPEC = build_spec("text-image", "task", "chaos2k", "naive", 0)
DATA, VERSIONS, NAMED = {"mnist": "abc"}, {"torch": "1"}, {"model": {"hidden": 64}}


def hashed(spec=SPEC, data=DATA, baseline="b", versions=VERSIONS, named=NAMED):
    return run_hash(spec, data, baseline, versions, named)


def test_the_hash_is_twelve_hex_digits_and_always_the_same():
    assert re.fullmatch("[0-9a-f]{12}", hashed())
    assert hashed(replace(SPEC)) == hashed()


@pytest.mark.parametrize(
    "change",
    [
        {"stream": "seed-three"},
        {"order": "reversed"},
        {"hyper": (("memory", 50),)},
        {"part": "validation"},
        {"tasks": 1},
        {"scenario": "class"},
        {"model": "chaos4k"},
        {"baseline": "ewc"},
        {"seed": 1},
        {"recipe": "quick"},
        {"options": ModelOptions(mode="replica")},
        {"options": ModelOptions(kernel="fused")},
        {"options": ModelOptions(precision="bfloat16")},
        {"repetitions": 5},
        {"device": "cuda"},
    ],
    ids=lambda change: " ".join(map(str, next(iter(change.items())))),
)
def test_every_part_of_the_specification_changes_the_hash(change):
    assert hashed(replace(SPEC, **change)) != hashed()


def test_runs_of_before_an_option_was_added_keep_their_names():
    assert hashed() == "e332c5e4217b"


def test_the_value_of_a_hyper_parameter_changes_the_hash():
    assert hashed(replace(SPEC, hyper=(("memory", 50),))) != hashed(replace(SPEC, hyper=(("memory", 51),)))


def test_every_field_of_the_specification_is_tried_above():
    (tried,) = (
        mark.args[1]
        for mark in test_every_part_of_the_specification_changes_the_hash.pytestmark
        if mark.name == "parametrize"
    )
    assert {name for change in tried for name in change} == {field.name for field in fields(RunSpec)}


def test_data_baseline_versions_and_what_is_named_change_the_hash():
    hashes = {
        hashed(),
        hashed(data={"mnist": "abd"}),
        hashed(baseline="c"),
        hashed(versions={"torch": "2"}),
        hashed(named={"model": {"hidden": 65}}),
        hashed(named={}),
    }
    assert len(hashes) == 6


def test_the_hash_does_not_depend_on_the_order_of_the_data():
    first, second = {"a": "1", "b": "2"}, {"b": "2", "a": "1"}
    assert hashed(data=first, named=first) == hashed(data=second, named=second)


@pytest.mark.parametrize(
    ("change", "message"), [({"seed": -1}, "seed -1 is negative"), ({"repetitions": 0}, "repetitions 0")]
)
def test_a_bad_number_is_one_line(change, message):
    with pytest.raises(UserError, match=message):
        replace(SPEC, **change)
