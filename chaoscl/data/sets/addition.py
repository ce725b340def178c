"""One-digit addition, ChaosNet's failure case: ``a+b=?`` as five characters, 19 classes.

Its scripts list every pair of digits twice, once in each order, and leave 2+2 out; 80 % of the rows train, 10 %
validate, 10 % test. Here the test rows are drawn once, and the usual 10 % of the rest is held out as validation.
"""

from pathlib import Path

import numpy as np

from chaoscl.data.card import Card
from chaoscl.data.dataset import GENERATED, Dataset, Training
from chaoscl.data.raw import RawSplit
from chaoscl.seeds import derive

GENERATOR_VERSION = 1
_TEST_SHARE = 0.1


def read(split: str, folder: Path | None = None) -> RawSplit:
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


CARD = Card(
    name="addition",
    title="One-digit addition",
    modality="text",
    kind="sum of two digits, read as characters without order",
    classes=tuple(str(total) for total in range(19)),
    shape=(5,),
    train_rows=178,
    test_rows=20,
    vocabulary=16,
    min_frequency=1,
    tokens="characters",
    official="generated: ChaosNet's failure case, the same rows from every source",
    licence="AGPL-3.0-or-later, as this project",
    citation="Likara789: ChaosNet. 2025, section Known Failure Modes",
    note="a pair and its second listing can fall on both sides of the split, as in ChaosNet's script",
)
DATASET = Dataset(
    CARD,
    read=read,
    version=str(GENERATOR_VERSION),
    source=GENERATED,
    training=Training(max_lr=1e-3, epochs=100, chaosnet_epochs=100, chaosnet_accumulation=4),
)
