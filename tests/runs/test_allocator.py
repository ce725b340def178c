"""Freed memory stays with the process: a second allocation of the same size faults in no new pages."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import torch
from chaoscl.runs.allocator import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(4 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "keep":
    assert keep_freed_memory()
faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps freed memory on request")
def test_memory_is_faulted_in_once():
    # 16 MiB are 4096 pages, or 8 huge ones.
    kept = subprocess.run([sys.executable, "-c", PROGRAM, "keep"], capture_output=True, text=True, check=True)
    assert int(kept.stdout) < 100
