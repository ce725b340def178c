"""The contract tests of parts, for anyone's: ``chaoscl test PATH``."""

from chaoscl.testing.contracts import CONTRACTS, check

__all__ = ["CONTRACTS", "check"]
