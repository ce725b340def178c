"""The committed cases: every metric, to 1e-12, against values solved by hand."""

import json
import math
from fractions import Fraction
from pathlib import Path

import pytest

import chaoscl.evaluation
from chaoscl.evaluation import per_task
from chaoscl.evaluation.metrics import METRICS, summarise

KIT = json.loads(Path(chaoscl.evaluation.__file__).with_name("conformance.json").read_text(encoding="utf-8"))
CASES = [pytest.param(case, id=case["name"]) for case in KIT["cases"]]


def number(text):
    return math.nan if text is None else float(Fraction(text))


def vector(texts):
    return None if texts is None else [number(text) for text in texts]


@pytest.mark.parametrize("case", CASES)
def test_every_metric_of_the_registry(case):
    found = summarise([vector(row) for row in case["matrix"]], vector(case["reference"]), case["modalities"])
    expected = {name: number(text) for name, text in case["expected"].items()}
    assert expected.keys() == METRICS.keys()
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("case", CASES)
def test_values_per_task(case):
    matrix = [vector(row) for row in case["matrix"]]
    for name, texts in case["per_task"].items():
        function = getattr(per_task, f"{name}_per_task")
        arguments = (matrix, vector(case["reference"])) if name == "intransigence" else (matrix,)
        assert function(*arguments) == pytest.approx(vector(texts), abs=1e-12, nan_ok=True), name


def test_kit_covers_every_function_per_task_and_every_metric_with_a_value():
    names = {name.removesuffix("_per_task") for name in dir(per_task) if name.endswith("_per_task")}
    assert {name for case in KIT["cases"] for name in case["per_task"]} == names
    with_value = {name for case in KIT["cases"] for name, text in case["expected"].items() if text not in (None, "0")}
    assert with_value == set(METRICS)
