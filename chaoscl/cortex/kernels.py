"""Which code counts spikes: plain torch, or one fused pass.

``torch`` draws what the definition draws and needs nothing else. ``fused`` draws from a counter-based generator of its
own, so its numbers have the same distribution and other values: numba on a CPU (the optional extra ``fast``), Triton
on CUDA (which comes with torch there). It counts for one layer of float32 in the modes ``recurrent`` and ``replica``.
"""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Literal, get_args

from chaoscl.cortex.counting import Counter

Kernel = Literal["torch", "fused"]
KERNELS: tuple[Kernel, ...] = get_args(Kernel)
AUTO = "auto"
"""In the place of a kernel: the fused one where it is there and can do what is asked."""
_NEEDS = {"cpu": "numba", "cuda": "triton"}
_FUSED = {"cpu": "fused", "cuda": "fused_cuda"}


def check_kernel(kernel: str, device: str = "cpu") -> str:
    """Return ``kernel`` if it is one of :data:`KERNELS` or :data:`AUTO`, and installed for the type of ``device``.

    Raises:
        ValueError: it is not.
    """
    if kernel not in (*KERNELS, AUTO):
        raise ValueError(f"kernel must be one of {', '.join((AUTO, *KERNELS))}, got {kernel!r}")
    if kernel == "fused" and not installed(device):
        raise ValueError(f"the fused kernel needs {_NEEDS.get(device, 'a CPU or CUDA')}, which is not installed")
    return kernel


def installed(device: str) -> bool:
    """Say whether the fused kernel is there for a type of device."""
    return device in _NEEDS and _found(_NEEDS[device])


@cache
def _found(package: str) -> bool:
    """Say whether a package is installed; asked once, because a search of the path takes longer than a small count."""
    return find_spec(package) is not None


@cache
def counter(kernel: Kernel, mode: str, device: str) -> Counter:
    """Return what counts spikes in a mode, ``recurrent`` or ``replica``; the fused ones are imported when asked for."""
    name = "counting" if kernel == "torch" else _FUSED[device]
    module = import_module(f"chaoscl.cortex.{name}")
    counts: Counter = module.count_over_time if mode == "recurrent" else module.count_replicas
    return counts
