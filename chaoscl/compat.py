"""What has to be known about the versions of other packages, in one place.

Each point names the versions it was seen with; tests/test_compat.py tells when it can go.
"""

import importlib
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from chaoscl.errors import UserError

_UNUSED = ("jax", "jaxopt", "qpax")


def check_together() -> None:
    """Import torch, torchvision and Avalanche, and say in one line what is wrong when they do not fit together.

    - torch and torchvision of different builds (seen: torch 2.13.0 for CPU only beside torchvision 0.29) fail on import
      with ``operator torchvision::nms does not exist``.
    - Avalanche 0.6.0 imports qpsolvers 4.13, for GEM's quadprog, and that every solver that is installed, JAX's among
      them, which take 200 MiB in each process. These are held back while Avalanche is imported.
    - Avalanche 0.6.0 imports GPUtil 1.4.0, which needs ``distutils``; Python 3.12 dropped it, setuptools brings it.

    Raises:
        UserError: with the way to put it right.
    """
    for name in ("torch", "torchvision", "avalanche"):
        try:
            with _without(_UNUSED):
                importlib.import_module(name)
        except (ImportError, RuntimeError, AttributeError) as error:
            reason = " ".join(str(error).split())
            raise UserError(f"{name} cannot be imported ({reason}); {_remedy(reason)}") from error


@contextmanager
def _without(names: Sequence[str]) -> Iterator[None]:
    """Let imports of these modules fail inside the block, but for those imported before."""
    held = {name: None for name in names if name not in sys.modules}
    sys.modules.update(held)  # type: ignore[arg-type]  # None is how Python notes a module that must not be imported
    try:
        yield
    finally:
        for name in held:
            del sys.modules[name]


def _remedy(reason: str) -> str:
    if "torchvision::nms" in reason:
        return (
            "torch and torchvision are of different builds: remove both, then 'pip install torchvision', which brings"
            " the torch it needs"
        )
    if "distutils" in reason:
        return "on Python 3.12 and later Avalanche needs setuptools: 'pip install setuptools'"
    return "install the project again with its constraints.txt"


@contextmanager
def quiet_avalanche() -> Iterator[None]:
    """Silence what Avalanche 0.6.0 warns about itself and we cannot change.

    It warns when no logger is set (matrix and curves are ours), and of its own deprecated calls, for which it overrides
    the filters, so that only the function that shows warnings can hold them back.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No loggers specified")
        shown = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not str(message).startswith("Call to deprecated"):
                shown(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        yield
