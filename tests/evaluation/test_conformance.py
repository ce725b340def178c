"""The committed cases: every metric against values solved by hand, as another project would read them."""

import json
import math
from fractions import Fraction
from pathlib import Path

import pytest

import chaoscl.evaluation
from chaoscl.evaluation import per_task
from chaoscl.evaluation.metrics import METRICS, summarise

KIT = json.loads(Path(chaoscl.evaluation.__file__).with_name("conformance.json").read_text(encoding="utf-8"))
TOLERANCE = float(KIT["format"]["tolerance"])
CASES = [pytest.param(case, id=case["name"]) for case in KIT["cases"]]


def number(text):
    return math.nan if text is None else float(Fraction(text))


def vector(texts):
    return None if texts is None else [number(text) for text in texts]


@pytest.mark.parametrize("case", CASES)
def test_every_metric_of_the_registry(case):
    matrix = [vector(row) for row in case["matrix"]]
    found = summarise(matrix, vector(case["reference"]), case["modalities"], case["heads"])
    expected = {name: number(text) for name, text in case["expected"].items()}
    assert expected.keys() == METRICS.keys()
    assert found == pytest.approx(expected, abs=TOLERANCE, nan_ok=True)


@pytest.mark.parametrize("case", CASES)
def test_values_per_task(case):
    matrix = [vector(row) for row in case["matrix"]]
    for name, texts in case["per_task"].items():
        function = getattr(per_task, f"{name}_per_task")
        arguments = (matrix, vector(case["reference"])) if name == "intransigence" else (matrix,)
        assert function(*arguments) == pytest.approx(vector(texts), abs=TOLERANCE, nan_ok=True), name


def test_kit_describes_every_metric_as_the_registry_does():
    assert TOLERANCE <= 1e-12
    assert list(KIT["metrics"]) == list(METRICS)
    for name, described in KIT["metrics"].items():
        entry = METRICS[name]
        assert described == {field: getattr(entry, field) for field in described}
        assert set(described) == {"title", "formula", "unit", "higher_is_better", "needs", "citation"}


def test_kit_says_what_each_of_its_parts_means():
    assert set(KIT) == {"format", "metrics", "per_task_values", "cases"}
    for case in KIT["cases"]:
        assert set(case) - {"name"} <= set(KIT["format"])
        assert set(case["expected"]) == set(KIT["metrics"])
        assert set(case["per_task"]) <= set(KIT["per_task_values"])


@pytest.mark.parametrize("case", CASES)
def test_cases_keep_to_the_format(case):
    size = len(case["matrix"][0])
    assert [len(row) for row in case["matrix"]] == [size] * (size + 1)
    for number, row in enumerate(case["matrix"]):
        assert None not in row or (0 < number < size and set(row) == {None})
        assert all(0 <= Fraction(text) <= 1 for text in row if text is not None)
    for name in ("reference", "modalities", "heads"):
        if case[name] is None:
            without = [metric for metric, entry in KIT["metrics"].items() if entry["needs"] == name]
            assert {case["expected"][metric] for metric in without} == {None}
        else:
            assert len(case[name]) == size


def test_kit_covers_every_function_per_task_and_every_metric_with_a_value():
    names = {name.removesuffix("_per_task") for name in dir(per_task) if name.endswith("_per_task")}
    assert {name for case in KIT["cases"] for name in case["per_task"]} == names == set(KIT["per_task_values"])
    with_value = {name for case in KIT["cases"] for name, text in case["expected"].items() if text not in (None, "0")}
    assert with_value == set(METRICS)
