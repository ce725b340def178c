"""Small data sets in memory, with a label for every row."""

from pathlib import Path

import pytest
import torch

from chaoscl.data import DATASETS, Bank, Prepared


def in_memory(name, train, test):
    """``train`` + ``test`` rows of a data set; labels run through its classes from a start of its own."""
    one = DATASETS[name].card
    rows = train + test
    inputs = torch.zeros(rows, *one.shape, dtype=torch.int32 if one.modality == "text" else torch.uint8)
    labels = (torch.arange(rows) + len(name)) % len(one.classes)
    return Prepared(one, inputs, labels, train, (), "embedded", "", "", Path(name))


@pytest.fixture(scope="session")
def bank_of():
    """A function from sizes, ``mnist=(train, test)``, to a bank."""
    return lambda **sizes: Bank([in_memory(name, *rows) for name, rows in sizes.items()])
