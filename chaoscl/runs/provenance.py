"""Where a result comes from: package versions, git commit, fingerprint of the code."""

import hashlib
import platform
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from chaoscl import __version__

ROOT = Path(__file__).resolve().parents[2]
_COMPUTING = ("torch", "avalanche-lib", "numpy")
_COMPILERS = {"cpu": "numba", "cuda": "triton"}
_FUSED_VERSION = "3"
"""Of what the fused kernels compute, raised whenever their numbers change.

1 had torch's modules in the encoders; 2 folded the first block's norm, so rounding could pass ReLU in the place of 0.
"""
_DO_NOT_COMPUTE = {"commands", "reports", "cli.py", "listing.py"}
"""What only reads results or talks to a terminal; what is new counts until it is listed here."""


def computing_versions(kernel: str = "torch", device: str = "cpu") -> dict[str, str]:
    """Return the versions of the packages that determine a run's numbers, with its kernel and on its device."""
    # The package's own is asked of the package, since a checkout runs without being installed.
    versions = {"chaoscl": __version__, **{name: version(name) for name in _COMPUTING}}
    if kernel == "fused":
        compiler = _COMPILERS[device]
        versions |= {compiler: version(compiler), "fused kernels": _FUSED_VERSION}
    return versions


def environment() -> dict[str, str]:
    """Return what else was there: Python, system, further packages."""
    further = {name: version(name) for name in ("torchvision", "datasets", "pandas", "scipy", "wandb")}
    return {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine(), **further}


def installed_versions(names: Sequence[str]) -> dict[str, str]:
    """Return the versions of those packages that are installed."""
    found = {}
    for name in names:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


@lru_cache(maxsize=1)
def git_commit() -> str | None:
    """Return the commit of the project's checkout, with ``-dirty`` if files differ; None outside a checkout."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


@lru_cache(maxsize=1)
def code_hash() -> str:
    """Return 12 hex digits over the source files that compute."""
    combined = hashlib.sha256()
    package = ROOT / "chaoscl"
    for path in sorted(package.rglob("*.py")):
        if path.relative_to(package).parts[0] not in _DO_NOT_COMPUTE:
            combined.update(str(path.relative_to(ROOT)).encode())
            combined.update(path.read_bytes())
    return combined.hexdigest()[:12]
