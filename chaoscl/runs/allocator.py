"""Memory that a training step gives back stays with the process.

By default glibc returns a large block to the system when it is freed, so every step faults its maps in again, page by
page: a seventh of the time of a step on images, as the profile of a run showed. No number depends on it.
"""

import ctypes
import sys
from functools import lru_cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
_LARGEST_BLOCK = 32 << 20  # the most that glibc takes as a threshold
_KEPT = 512 << 20


@lru_cache(maxsize=1)
def keep_freed_memory() -> bool:
    """Ask the C library to keep up to 512 MiB of freed memory, blocks up to 32 MiB; say whether it does.

    Only glibc knows how: elsewhere nothing changes.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT))
