"""Which kernel a command's ``auto`` stands for."""

import pytest

from chaoscl.cortex import kernels
from chaoscl.errors import UserError
from chaoscl.models import find_model
from chaoscl.models import kernel as rule


def resolve(kernel, model, device):
    return rule.resolve_kernel(kernel, find_model(model), device)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("chaos2k", "fused"),
        ("chaos2k:mode=replica", "fused"),
        ("chaos2k:mode=feedback", "torch"),
        ("chaos2k:hidden=64+32", "torch"),
        ("mlp2k", "fused"),
        ("mlp2k:image=lenet5", "torch"),
        ("mlp400", "torch"),
    ],
)
def test_auto_is_the_fused_one_where_it_has_something_to_do(model, expected, monkeypatch):
    monkeypatch.setattr(kernels, "_found", lambda name: True)
    assert resolve("auto", model, "cpu") == expected
    assert resolve("torch", model, "cpu") == "torch"


def test_without_numba_auto_is_torch_and_fused_is_refused(monkeypatch):
    monkeypatch.setattr(kernels, "_found", lambda name: False)
    assert resolve("auto", "chaos2k", "cpu") == "torch"
    with pytest.raises(UserError, match="--kernel fused: the fused kernel needs numba"):
        resolve("fused", "chaos2k", "cpu")


def test_where_numba_does_not_import_auto_is_torch_with_a_remark(monkeypatch):
    problem = "is installed but cannot be imported (ImportError: Numba needs NumPy 2.3 or less)"
    monkeypatch.setattr(kernels, "_problem", lambda name: problem)
    kernels._warn_of.cache_clear()
    with pytest.warns(RuntimeWarning, match="Numba needs NumPy"):
        assert resolve("auto", "chaos2k", "cpu") == "torch"
    with pytest.raises(UserError, match=r"^--kernel fused: the fused kernel needs numba, which .* Numba needs NumPy"):
        resolve("fused", "chaos2k", "cpu")
    kernels._warn_of.cache_clear()


def test_on_cuda_it_counts_spikes_and_leaves_images_to_torch(monkeypatch):
    monkeypatch.setattr(kernels, "_found", lambda name: True)
    assert resolve("auto", "chaos2k", "cuda") == "fused"
    assert resolve("auto", "mlp2k", "cuda") == "torch"
    with pytest.raises(UserError, match="--kernel fused can do nothing for mlp2k with --device cuda"):
        resolve("fused", "mlp2k", "cuda")


def test_the_model_is_built_with_its_kernel(build):
    plain = build("chaos256")
    assert plain.trunk.cortex.kernel == plain.encoders.of("digits").kernel == "torch"
    fused = build("chaos256", kernel="fused")
    assert fused.trunk.cortex.kernel == fused.encoders.of("digits").kernel == "fused"
    assert fused.meter.per_sample == plain.meter.per_sample
