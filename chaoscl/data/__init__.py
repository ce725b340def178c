"""Data-set cards, sources, prepared tensors on disk, and the bank from which batches are gathered."""

from chaoscl.data.bank import Bank, Group, View, open_bank
from chaoscl.data.card import Card
from chaoscl.data.dataset import DATASETS, Dataset, Training
from chaoscl.data.prepared import Prepared, default_cache, open_prepared, prepare
from chaoscl.data.sources import Source, choose_source

__all__ = [
    "DATASETS",
    "Bank",
    "Card",
    "Dataset",
    "Group",
    "Prepared",
    "Source",
    "Training",
    "View",
    "choose_source",
    "default_cache",
    "open_bank",
    "open_prepared",
    "prepare",
]
