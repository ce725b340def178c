"""Which kernel counts, and that a cortex says so."""

import copy
import pickle
import sys
import warnings

import pytest
import torch

from chaoscl.cortex import ChaosCortex, CortexParams, counting, kernels
from chaoscl.cortex.kernels import check_kernel, counter, installed

X = torch.ones(2, 3)


def without_numba(monkeypatch):
    monkeypatch.setattr(kernels, "_found", lambda name: False)


def test_unknown_kernels_are_refused():
    with pytest.raises(ValueError, match="one of auto, torch, fused, got 'fast'"):
        ChaosCortex(CortexParams(3, [4]), kernel="fast")


def test_a_kernel_that_is_not_installed_is_refused_and_auto_takes_torch(monkeypatch):
    without_numba(monkeypatch)
    with pytest.raises(ValueError, match="needs numba"):
        check_kernel("fused")
    with pytest.raises(ValueError, match="needs triton"):
        check_kernel("fused", "cuda")
    cortex = ChaosCortex(CortexParams(3, [4]))
    assert cortex.kernel_for("recurrent") == "torch"
    assert counter("torch", "recurrent", "cpu") is counting.count_over_time


@pytest.fixture
def broken_numba(monkeypatch, tmp_path):
    """Put a numba in the place of the real one that is found, and raises what the real one raises for its NumPy."""
    (tmp_path / "numba").mkdir()
    source = "raise ImportError('Numba needs NumPy 2.3 or less.\\nGot NumPy 2.4.')"
    (tmp_path / "numba" / "__init__.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    for cached in (kernels._problem, kernels._warn_of):
        cached.cache_clear()
    yield
    for cached in (kernels._problem, kernels._warn_of):
        cached.cache_clear()


def test_auto_takes_torch_with_one_remark_where_numba_does_not_import(broken_numba):
    cortex = ChaosCortex(CortexParams(3, [4]))
    words = (
        r"^numba is installed but cannot be imported \(ImportError: Numba needs NumPy 2.3 or less. Got NumPy 2.4.\); "
    )
    with pytest.warns(RuntimeWarning, match=words):
        assert cortex.kernel_for("recurrent") == "torch"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cortex.integrate(X, 2).shape == (2, 4)
        assert ChaosCortex(CortexParams(3, [4])).kernel_for("replica") == "torch"


def test_the_fused_one_is_refused_in_one_line_that_says_why(broken_numba):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=r"^the fused kernel needs numba, which .*NumPy 2.3 or less. Got .*\)$"):
            ChaosCortex(CortexParams(3, [4]), kernel="fused")


def test_a_cortex_of_the_fused_kernel_is_not_counted_by_another_where_that_is_missing(monkeypatch):
    pytest.importorskip("numba", reason="the extra 'fast' is not installed")
    cortex = ChaosCortex(CortexParams(3, [4]), kernel="fused")
    with pytest.raises(ValueError, match="a CPU or CUDA"):
        copy.deepcopy(cortex).to("meta").integrate(X.to("meta"), 2)
    without_numba(monkeypatch)
    with pytest.raises(ValueError, match="needs numba"):
        pickle.loads(pickle.dumps(cortex)).integrate(X, 2)


def test_no_other_device_has_one():
    assert not installed("mps")
    with pytest.raises(ValueError, match="a CPU or CUDA"):
        check_kernel("fused", "mps")


def test_auto_takes_the_fused_one_where_it_can_count():
    pytest.importorskip("numba", reason="the extra 'fast' is not installed")
    one, two = ChaosCortex(CortexParams(3, [4])), ChaosCortex(CortexParams(3, [4, 4]))
    assert [one.kernel_for(mode) for mode in ("recurrent", "replica", "feedback")] == ["fused", "fused", "torch"]
    assert two.kernel_for("recurrent") == "torch"
    assert copy.deepcopy(one).double().kernel_for("recurrent") == "torch"
    assert ChaosCortex(CortexParams(3, [4]), kernel="torch").kernel_for("recurrent") == "torch"


@pytest.mark.parametrize("case", ["feedback", "layers", "dtype"])
def test_what_the_fused_kernel_cannot_count_is_refused_if_it_was_asked_for(case):
    pytest.importorskip("numba", reason="the extra 'fast' is not installed")
    cortex = ChaosCortex(CortexParams(3, [4, 4] if case == "layers" else [4]), kernel="fused")
    x = X
    if case == "dtype":
        cortex, x = cortex.double(), X.double()
    with pytest.raises(ValueError, match="one layer of float32"):
        cortex.integrate(x, 2, "feedback" if case == "feedback" else "recurrent")


@pytest.mark.parametrize("mode", ["recurrent", "replica"])
def test_integrate_counts_with_the_kernel_that_it_names(mode, monkeypatch):
    cortex = ChaosCortex(CortexParams(3, [4]))
    asked = []

    def spying(*given):
        asked.append(given)
        return counter(*given)

    monkeypatch.setattr("chaoscl.cortex.cortex.counter", spying)
    cortex.integrate(X, 2, mode)
    assert asked == [(cortex.kernel_for(mode), mode, "cpu")]


@pytest.mark.parametrize("kernel", ["auto", "torch", "fused"])
def test_a_cortex_copies_and_pickles_with_its_kernel(kernel):
    if kernel == "fused":
        pytest.importorskip("numba", reason="the extra 'fast' is not installed")
    cortex = ChaosCortex(CortexParams(3, [4]), kernel)
    expected = cortex.integrate(X, 5, generator=torch.Generator().manual_seed(0))
    for twin in (copy.deepcopy(cortex), pickle.loads(pickle.dumps(cortex))):
        assert twin.kernel == kernel
        assert torch.equal(twin.integrate(X, 5, generator=torch.Generator().manual_seed(0)), expected)


def test_weights_move_between_kernels():
    pytest.importorskip("numba", reason="the extra 'fast' is not installed")
    plain, fused, other = (ChaosCortex(CortexParams(3, [40]), kernel) for kernel in ("torch", "fused", "fused"))
    fused.load_state_dict(plain.state_dict())
    other.load_state_dict(fused.state_dict())
    for one in (fused, other):
        assert {name: one.get_parameter(name).equal(weights) for name, weights in plain.named_parameters()} == {
            "layers.0.w_in": True,
            "layers.0.w_rec": True,
        }
    rates = [one.integrate(X, 5, generator=torch.Generator().manual_seed(0)) for one in (fused, other)]
    assert torch.equal(*rates)
