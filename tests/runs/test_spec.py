import json
import re
from dataclasses import fields, replace

import pytest

from chaoscl.config import build_spec
from chaoscl.data import DATASETS
from chaoscl.errors import UserError
from chaoscl.models import find_model
from chaoscl.registry import Origin
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.recipes import find_recipe
from chaoscl.runs.spec import RunSpec, origin_of, run_hash, spec_record
from chaoscl.streams import find_stream

SPEC = build_spec("text-image", "task", "chaos2k", "replay", 0)
DATA, VERSIONS = {"mnist": "abc"}, {"torch": "1"}


def hashed(spec=SPEC, data=DATA, versions=VERSIONS):
    tasks = spec.learned.tasks[: spec.tasks or None]
    record = spec_record(spec, {task.name: spec.recipe.settings(task.data, 100) for task in tasks})
    return run_hash(record, data, versions)


def test_the_hash_is_twelve_hex_digits_and_always_the_same():
    assert re.fullmatch("[0-9a-f]{12}", hashed())
    assert hashed(replace(SPEC)) == hashed()


@pytest.mark.parametrize(
    "change",
    [
        {"stream": find_stream("seed-three")},
        {"order": "reversed"},
        {"hyper": (("memory", 50),)},
        {"part": "validation"},
        {"tasks": 1},
        {"train_rows": 50},
        {"scenario": "class"},
        {"model": find_model("chaos4k")},
        {"baseline": BASELINES["replay_class"]},
        {"seed": 1},
        {"recipe": find_recipe("quick")},
        {"kernel": "fused"},
        {"precision": "bfloat16"},
        {"repetitions": 5},
        {"device": "cuda"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_of_the_specification_changes_the_hash(change):
    assert hashed(replace(SPEC, **change)) != hashed()


def test_every_field_of_the_specification_is_tried_above():
    (tried,) = (
        mark.args[1]
        for mark in test_every_part_of_the_specification_changes_the_hash.pytestmark
        if mark.name == "parametrize"
    )
    assert {name for change in tried for name in change} == {field.name for field in fields(RunSpec)}


def test_the_value_of_a_hyper_parameter_changes_the_hash():
    assert hashed(replace(SPEC, hyper=(("memory", 50),))) != hashed(replace(SPEC, hyper=(("memory", 51),)))


def test_what_a_name_stands_for_changes_the_hash():
    mnist = DATASETS["mnist"]
    changes = [
        {"stream": replace(SPEC.stream, version=2)},
        {"stream": replace(SPEC.stream, tasks=(SPEC.stream.tasks[0], replace(SPEC.stream.tasks[1], classes=(0, 1))))},
        {"model": replace(SPEC.model, hidden=(65,))},
        {"model": replace(SPEC.model, values={**SPEC.model.values, "decay": 0.5})},
        {"recipe": replace(SPEC.recipe, max_lr=lambda dataset: 1.0)},
        {"baseline": replace(SPEC.baseline, origin=Origin("chaoscl", "0" * 64))},
        {
            "stream": replace(
                SPEC.stream, tasks=(replace(SPEC.stream.tasks[1], data=replace(mnist, origin=Origin("x", "y"))),)
            )
        },
    ]
    assert len({hashed(), *(hashed(replace(SPEC, **change)) for change in changes)}) == len(changes) + 1


def test_the_place_of_a_file_does_not_change_the_hash_and_its_content_does():
    hashes = [hashed(replace(SPEC, model=replace(SPEC.model, origin=Origin(*one)))) for one in ("ab", "cb", "ac")]
    assert hashes[0] == hashes[1] != hashes[2]


def test_data_and_versions_change_the_hash():
    assert len({hashed(), hashed(data={"mnist": "abd"}), hashed(versions={"torch": "2"})}) == 3


def test_the_hash_does_not_depend_on_the_order_of_the_data():
    assert hashed(data={"a": "1", "b": "2"}) == hashed(data={"b": "2", "a": "1"})


def test_a_part_made_in_python_comes_from_the_files_of_its_functions():
    made = replace(BASELINES["naive"], build=test_data_and_versions_change_the_hash, origin=Origin())
    assert origin_of(made).place == __file__
    assert re.fullmatch("[0-9a-f]{64}", origin_of(made).sha256)
    assert origin_of(find_recipe("standard")) == Origin()


def test_a_record_is_plain_and_holds_every_value():
    record = spec_record(SPEC, {})
    assert json.loads(json.dumps(record)) == record
    assert record["trained_model"]["values"]["threshold"] == 0.5
    assert record["hyper_parameters"] == SPEC.baseline.values()
    assert record["origins"]["baseline replay"] == {"place": "chaoscl", "sha256": SPEC.baseline.origin.sha256}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": -1}, "seed -1 is negative"),
        ({"repetitions": 0}, "repetitions 0"),
        ({"tasks": -1}, "tasks -1"),
        ({"train_rows": -1}, "train-rows -1"),
    ],
)
def test_a_bad_number_is_one_line(change, message):
    with pytest.raises(UserError, match=message):
        replace(SPEC, **change)
