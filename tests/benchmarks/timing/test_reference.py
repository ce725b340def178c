"""The reference implementation computes what the fast ways compute."""

import pytest
import torch

from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams
from chaoscl.models.encoder_modules import ImageEncoder
from timing import reference


@pytest.mark.parametrize(("mode", "loop"), [("recurrent", reference.over_time), ("replica", reference.replicas)])
def test_the_loops_are_the_dynamics(mode, loop):
    cortex = ChaosCortex(CortexParams(5, [7], ChaosNeuronParams(fail_prob=0.3)), "torch")
    x = torch.rand(6, 5)
    torch.manual_seed(1)
    expected = cortex.integrate(x, 4, mode)
    torch.manual_seed(1)
    torch.testing.assert_close(loop(cortex, x, 4), expected)


def test_the_encoder_is_the_same_function():
    ours = ImageEncoder((1, 12, 12), 6, (3, 4), "flatten")
    theirs = reference.image_encoder((1, 12, 12), 6, (3, 4))
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    x = torch.randn(5, 1, 12, 12)
    torch.testing.assert_close(theirs(x), ours(x))
