"""Which code counts spikes: plain torch, or one fused pass.

``torch`` draws what the definition draws and needs nothing else. ``fused`` draws from a counter-based generator of its
own, so its numbers have the same distribution and other values: numba on a CPU (the optional extra ``fast``), Triton
on CUDA (which comes with torch there). It counts for one layer of float32 in the modes ``recurrent`` and ``replica``.
"""

import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, TypeVar, get_args

from chaoscl.cortex.counting import Counter

Kernel = Literal["torch", "fused"]
KERNELS: tuple[Kernel, ...] = get_args(Kernel)
AUTO = "auto"
"""In the place of a kernel: the fused one where it is there and can do what is asked."""
_NEEDS = {"cpu": "numba", "cuda": "triton"}
_FUSED = {"cpu": "fused", "cuda": "fused_cuda"}
_Function = TypeVar("_Function", bound=Callable[..., Any])


def _constant_to_the_compiler(function: _Function) -> _Function:
    """Let torch.compile call a function while it traces, and take what it returns as a constant.

    This is what torch.compiler.assume_constant_result does; that also imports torch's compiler, which takes seconds.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


def check_kernel(kernel: str, device: str = "cpu") -> str:
    """Return ``kernel`` if it is one of :data:`KERNELS` or :data:`AUTO`, and installed for the type of ``device``.

    Raises:
        ValueError: it is not; where the package that the fused kernel needs does not import, the message says why.
    """
    if kernel not in (*KERNELS, AUTO):
        raise ValueError(f"kernel must be one of {', '.join((AUTO, *KERNELS))}, got {kernel!r}")
    if kernel == "fused" and not installed(device):
        needed = _NEEDS.get(device)
        problem = (
            f"{needed}, which {_problem(needed) or 'is not installed'}" if needed else f"a CPU or CUDA, not {device}"
        )
        raise ValueError(f"the fused kernel needs {problem}")
    return kernel


@_constant_to_the_compiler
def installed(device: str) -> bool:
    """Say whether the fused kernel is there for a type of device: whether the package that it needs can be imported."""
    return device in _NEEDS and _found(_NEEDS[device])


@_constant_to_the_compiler
def choose_kernel(device: str) -> Kernel:
    """Return what :data:`AUTO` stands for where the fused kernel can count: ``fused`` if it is there, else ``torch``.

    If it is not there because an installed package cannot be imported, a warning says so, once a process.
    """
    if installed(device):
        return "fused"
    if device in _NEEDS:
        _warn_of(_NEEDS[device])
    return "torch"


@cache
def counter(kernel: Kernel, mode: str, device: str) -> Counter:
    """Return what counts spikes in a mode, ``recurrent`` or ``replica``; the fused ones are imported when asked for."""
    name = "counting" if kernel == "torch" else _FUSED[device]
    module = import_module(f"chaoscl.cortex.{name}")
    counts: Counter = module.count_over_time if mode == "recurrent" else module.count_replicas
    return counts


def _found(package: str) -> bool:
    return _problem(package) is None


@cache
def _problem(package: str) -> str | None:
    """Return why a package cannot be used, or None; asked once, since the search takes longer than a small count."""
    if find_spec(package) is None:
        return "is not installed"
    try:
        import_module(package)
    except Exception as error:  # an ImportError if numba does not know this NumPy, an OSError without a library, ...
        return f"is installed but cannot be imported ({type(error).__name__}: {' '.join(str(error).split())})"
    return None


@cache
def _warn_of(package: str) -> None:
    """Warn if a package is installed but cannot be imported."""
    if find_spec(package) is not None and (problem := _problem(package)):
        warnings.warn(f"{package} {problem}; kernel 'auto' computes with plain torch", RuntimeWarning, stacklevel=3)
