"""The examples run as they stand, and what they show is so."""

import importlib.util
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_tested_here_and_says_how_to_run_it():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {"cortex_in_pytorch", "own_avalanche_strategy"}
    for path in EXAMPLES.glob("*.py"):
        assert f"\npython examples/{path.name}\n" in path.read_text(encoding="utf-8")


def test_a_cortex_learns_in_plain_pytorch():
    assert load("cortex_in_pytorch").train() > 0.9  # four classes: chance is 0.25


def test_a_strategy_of_one_s_own_leaves_a_retention_matrix_and_forgets_less():
    free, pulled = load("own_avalanche_strategy").compare().values()
    assert set(free) == set(pulled)
    assert pulled["forgetting_max_last"] < free["forgetting_max_last"]
    assert pytest.approx(-free["backward_transfer"]) == free["forgetting_first_last"]
