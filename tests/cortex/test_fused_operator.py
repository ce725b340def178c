"""The fused count as an operator of torch: what it is registered with, and that it is a function of its arguments."""

from dataclasses import astuple
from functools import partial

import pytest
import torch
from torch.func import vmap

pytest.importorskip("numba", reason="the extra 'fast' is not installed")

from chaoscl.cortex import ChaosNeuronParams, fused
from chaoscl.cortex.fused_operator import count_spikes

NEURON = ChaosNeuronParams(threshold=0.2, noise_std=0.5, fail_prob=0.3)
COUNTS = [(replica, differentiate) for replica in (False, True) for differentiate in (False, True)]


def current(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def key(*seeds):
    """Return a key, (1,), or one for each of several seeds, (n, 1)."""
    keys = [torch.randint(2**63 - 1, (1,), generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return keys[0] if len(keys) == 1 else torch.stack(keys)


@pytest.mark.parametrize("given", COUNTS, ids=str)
def test_torch_s_own_checks_pass(given):
    arguments = (current(3, 4).requires_grad_(given[1]), key(5), 6, astuple(NEURON), *given)
    checks = ["test_schema", "test_autograd_registration", "test_faketensor"]
    # The last check differentiates all that is returned, the slope too, which has no derivative.
    torch.library.opcheck(
        count_spikes, arguments, test_utils=checks if given[1] else [*checks, "test_aot_dispatch_dynamic"]
    )


@pytest.mark.parametrize(("replica", "differentiate"), COUNTS)
def test_it_counts_as_the_loops_do_under_the_same_key(replica, differentiate):
    count = fused.count_replicas if replica else fused.count_over_time
    expected = count(current(3, 4), 6, NEURON, torch.Generator().manual_seed(5), differentiate)
    for _ in range(2):
        found = count_spikes(current(3, 4), key(5), 6, astuple(NEURON), replica, differentiate)
        assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


@pytest.mark.parametrize("replica", [False, True])
def test_its_derivative_is_the_slope_that_it_returns(replica):
    given = current(3, 4).requires_grad_()
    counts, slope = count_spikes(given, key(5), 6, astuple(NEURON), replica, True)
    weights = current(3, 4)
    (found,) = torch.autograd.grad((counts * weights).sum(), given)
    assert slope.any()
    assert torch.equal(found, weights * slope)


@pytest.mark.parametrize(
    ("dims", "currents", "keys"),
    [
        ((0, 0), current(5, 3, 4), key(1, 2, 3, 4, 5)),
        ((2, 1), current(5, 3, 4).movedim(0, 2), key(1, 2, 3, 4, 5).T),
        ((0, None), current(5, 3, 4), key(1)),
        ((None, 0), current(3, 4), key(1, 2, 3, 4, 5)),
    ],
)
def test_vmap_is_a_loop(dims, currents, keys):
    count = partial(count_spikes, ticks=6, constants=astuple(NEURON), replica=False, differentiate=True)
    found = vmap(count, dims)(currents, keys)
    for number in range(5):
        slices = [
            one if dim is None else one.select(dim, number) for one, dim in zip((currents, keys), dims, strict=True)
        ]
        expected = count(*slices)
        assert all(torch.equal(one[number], other) for one, other in zip(found, expected, strict=True))
