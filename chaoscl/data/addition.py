"""One-digit addition, ChaosNet's failure case: ``a+b=?`` as five characters, 19 classes.

Its scripts list every pair of digits twice, once in each order, and leave 2+2 out; 80 % of the rows train, 10 %
validate, 10 % test. Here the test rows are drawn once, and the usual 10 % of the rest is held out as validation.
"""

import numpy as np

from chaoscl.data.raw import RawSplit
from chaoscl.seeds import derive

GENERATOR_VERSION = 1
_TEST_SHARE = 0.1


def read(split: str) -> RawSplit:
    """Return the rows of ``split`` (178 train, 20 test): texts such as ``3+4=?`` and their sums."""
    pairs = [
        pair
        for first in range(10)
        for second in range(10)
        if (first, second) != (2, 2)
        for pair in ((first, second), (second, first))
    ]
    order = np.random.default_rng(derive(0, "addition", "split")).permutation(len(pairs))
    tests = round(_TEST_SHARE * len(pairs))
    chosen = [pairs[row] for row in (order[:tests] if split == "test" else order[tests:])]
    return RawSplit([f"{a}+{b}=?" for a, b in chosen], np.array([a + b for a, b in chosen], dtype=np.int64))
