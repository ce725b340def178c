"""How a run tells that it goes on."""

from typing import Protocol


class Progress(Protocol):
    """Told how a run goes on."""

    def __call__(self, batches: int, text: str, accuracy: float | None = None) -> None:
        """Take in a report.

        Args:
            batches: trained since the last one.
            text: what the run is doing.
            accuracy: average accuracy on the tasks learned so far, in [0, 1]; None if no task ended since the last one.
        """


def silent(batches: int, text: str, accuracy: float | None = None) -> None:
    """Report no progress."""
