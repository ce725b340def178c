"""Named random seeds.

Every random draw of a run has a name (split, init, order, noise, evaluation, ...). Its seed is derived from the run's
seed and that name alone, so no draw depends on how many others came before it.
"""

import hashlib


def derive(seed: int, *names: str | int) -> int:
    """Return the 63-bit seed of the draw called ``names`` in a run with ``seed``.

    The first eight bytes of SHA-256 over ``"seed/name/name/..."``: stable over Python versions and machines.
    """
    label = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(label.encode()).digest()[:8], "big") >> 1
