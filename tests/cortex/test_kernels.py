"""Which kernel counts, and that a cortex says so."""

import copy
import pickle

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


def test_a_cortex_copies_and_pickles_with_its_kernel():
    cortex = ChaosCortex(CortexParams(3, [4]), kernel="torch")
    assert copy.deepcopy(cortex).kernel == "torch"
    assert pickle.loads(pickle.dumps(cortex)).kernel == "torch"
