"""Data-set cards, sources, prepared tensors on disk, and the bank from which batches are gathered."""

from chaoscl.data.bank import Bank, Group, View, open_bank
from chaoscl.data.cards import CARDS, Card, card
from chaoscl.data.prepared import Prepared, default_cache, open_prepared, prepare
from chaoscl.data.sources import Source, choose_source

__all__ = [
    "CARDS",
    "Bank",
    "Card",
    "Group",
    "Prepared",
    "Source",
    "View",
    "card",
    "choose_source",
    "default_cache",
    "open_bank",
    "open_prepared",
    "prepare",
]
