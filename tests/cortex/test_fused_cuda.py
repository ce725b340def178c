"""The CUDA kernel, run by Triton's interpreter on the CPU, against the CPU's kernel under the same key."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("numba", reason="the extra 'fast' is not installed")
pytest.importorskip("triton", reason="this build of torch brings no Triton")

PROGRAM = """
import torch
from chaoscl.cortex import ChaosNeuronParams, fused, fused_cuda

for fail_prob in (0.0, 0.3, 0.5):
    for noise_std in (0.0, 0.1):
        neuron = ChaosNeuronParams(fail_prob=fail_prob, noise_std=noise_std)
        current = torch.rand(23, 19, generator=torch.Generator().manual_seed(1)) * 2 - 0.5
        for ticks in (1, 10, 33):
            for name in ("count_over_time", "count_replicas"):
                pairs = [
                    getattr(module, name)(current, ticks, neuron, torch.Generator().manual_seed(2), True)
                    for module in (fused, fused_cuda)
                ]
                counts, slope = zip(*pairs)
                # The two make numbers of words by other series, so a potential at the threshold may fall either way.
                assert (counts[0] != counts[1]).float().mean() < 0.005, (name, neuron, ticks)
                alike = torch.isclose(slope[0], slope[1], rtol=1e-4, atol=1e-4).float().mean()
                assert alike > 0.99, (name, neuron, ticks)
assert fused_cuda.count_over_time(torch.empty(0, 3), 2, neuron, None, True)[0].shape == (0, 3)
print("equal")
"""


def test_it_counts_as_the_cpus_kernel_does():
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    answer = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
    assert answer.stdout.strip() == "equal", answer.stderr
