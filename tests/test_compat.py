"""Each point of chaoscl/compat.py, and what would tell that it can go."""

import contextlib
import importlib
import subprocess
import sys
import warnings
from importlib.metadata import requires, version

import pytest

from chaoscl.compat import check_together, quiet_avalanche
from chaoscl.errors import UserError


def test_torch_torchvision_and_avalanche_run_together():
    check_together()
    import torch
    import torchvision

    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9]])
    assert torchvision.ops.nms(boxes, torch.tensor([0.9, 0.8]), 0.5).tolist() == [0]


def test_solvers_that_nobody_uses_are_held_back_and_can_be_imported_later():
    code = (
        "import sys; from chaoscl.compat import check_together; check_together(); import qpsolvers\n"
        "assert 'quadprog' in qpsolvers.available_solvers\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('jax', 'jaxlib', 'jaxopt', 'qpax')]\n"
        "import jax"
    )
    answer = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    # This can go when Avalanche does not bring them any more.
    assert "qpsolvers[open_source_solvers]" in " ".join(requires("avalanche-lib"))


def test_avalanche_is_the_version_that_was_tested():
    assert version("avalanche-lib") == "0.6.0"


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (RuntimeError("operator torchvision::nms does not exist"), "different builds"),
        (ModuleNotFoundError("No module named 'distutils'"), "pip install setuptools"),
        (ImportError("something else"), "constraints.txt"),
    ],
)
def test_packages_that_do_not_fit_are_one_line(monkeypatch, error, remedy):
    def fail(name):
        raise error

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(UserError, match=remedy):
        check_together()


def test_avalanche_still_calls_what_it_deprecates_itself():
    """When this fails, quiet_avalanche need not hold deprecations back any more."""
    from avalanche.training.storage_policy import ReservoirSamplingBuffer

    with pytest.warns(DeprecationWarning, match="Call to deprecated"), contextlib.suppress(AttributeError):
        ReservoirSamplingBuffer(1).update(None)


def test_avalanche_s_own_warnings_are_held_back_and_no_others():
    from avalanche.training.plugins import EvaluationPlugin

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with quiet_avalanche():
            EvaluationPlugin()
            warnings.simplefilter("always")
            warnings.warn(
                "Call to deprecated function update (removal in version 0.7)", DeprecationWarning, stacklevel=1
            )
            warnings.warn("something of ours", UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["something of ours"]


def test_avalanche_s_wandb_logger_is_still_broken():
    """When this fails, chaoscl/reports/wandb_log.py could be built on Avalanche's logger."""
    import wandb

    assert not hasattr(wandb.util, "generate_id")
