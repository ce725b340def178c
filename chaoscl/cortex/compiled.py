"""Loops compiled by numba and kept on disk, each under a name that says which sources it was compiled from.

numba looks only at the file of the function that it kept. When another file changes, whose functions or constants were
compiled in, it would go on with code that is gone. A hash of the text of all those files in the name prevents that.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba import njit


def compiled(file: str, *beside: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a function, and keeps it on disk where numba can write.

    Args:
        file: ``__file__`` of the module of the function.
        beside: names of further files in that folder: all that the module imports of this package.
        options: of ``numba.njit``.
    """
    sources = [Path(file), *(Path(file).with_name(name) for name in beside)]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]

    def decorate(function: Callable[..., Any]) -> Any:
        function.__qualname__ += f".{digest}"
        dispatcher = njit(**options)(function)
        # Without a folder for it, each process compiles anew.
        with suppress(RuntimeError):
            dispatcher.enable_caching()
        return dispatcher

    return decorate
