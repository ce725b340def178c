"""Which kernel a command's ``auto`` stands for."""

import pytest

from chaoscl.cortex import kernels
from chaoscl.errors import UserError
from chaoscl.models.kernel import resolve_kernel


@pytest.mark.parametrize(
    ("model", "mode", "expected"),
    [
        ("chaos2k", "recurrent", "fused"),
        ("chaos2k", "replica", "fused"),
        ("chaos2k", "feedback", "torch"),
        ("mlp2k", "recurrent", "torch"),
    ],
)
def test_auto_is_the_fused_one_where_it_counts(model, mode, expected, monkeypatch):
    monkeypatch.setattr(kernels, "_found", lambda name: True)
    assert resolve_kernel("auto", model, mode, "cpu") == expected
    assert resolve_kernel("torch", model, mode, "cpu") == "torch"


def test_without_numba_auto_is_torch_and_fused_is_refused(monkeypatch):
    monkeypatch.setattr(kernels, "_found", lambda name: False)
    assert resolve_kernel("auto", "chaos2k", "recurrent", "cpu") == "torch"
    with pytest.raises(UserError, match="--kernel fused: the fused kernel needs numba"):
        resolve_kernel("fused", "chaos2k", "recurrent", "cpu")


def test_the_model_is_built_with_its_kernel(build):
    from chaoscl.models import ModelOptions

    assert build("chaos256").trunk.cortex.kernel == "torch"
    pytest.importorskip("numba", reason="the extra 'fast' is not installed")
    assert build("chaos256", ModelOptions(kernel="fused")).trunk.cortex.kernel == "fused"
