"""GDumb: keep a class-balanced memory, and after each task train a fresh model on the memory alone.

With the memory in place of the data an epoch is short, so as many epochs are made of it as give the recipe's number of
batches for the task.
"""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, memory: int) -> Any:
    """Return Avalanche's GDumb strategy with a memory of ``memory`` samples."""
    from avalanche.core import SupervisedPlugin
    from avalanche.training.supervised import GDumb

    class SameBatches(SupervisedPlugin):
        """Trains on the memory for as many batches as the recipe has for the task's own data."""

        def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
            """Set the epochs."""
            own = -(-len(strategy.experience.dataset) // strategy.train_mb_size)
            strategy.train_epochs = max(1, round(strategy.train_epochs * own / len(strategy.dataloader)))

    options = setup.options()
    options["plugins"].append(SameBatches())
    return GDumb(mem_size=memory, **options)


BASELINE = Baseline(
    summary="a fresh model trained on the memory alone after each task",
    build=build,
    source="Prabhu, Torr & Dokania 2020, GDumb, ECCV; Avalanche 0.6.0, GDumb",
    hyper={"memory": HyperParameter(1000, "samples; as for replay", range=Range(1, each="class"))},
    stores="the memory and the untrained model",
    cost="none; sees the memory only",
)
