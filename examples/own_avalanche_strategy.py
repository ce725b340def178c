"""Bring your own Avalanche strategy: an L2 pull towards the weights of the last task, on generated text and images.

python examples/own_avalanche_strategy.py
"""

# %% A strategy of your own: any Avalanche plugin will do. This one pulls weights back to where the last task left them.
import sys
from typing import Any

import numpy as np
import torch
from avalanche.training.plugins import EvaluationPlugin, SupervisedPlugin
from avalanche.training.supervised import Naive

from chaoscl.compat import quiet_avalanche
from chaoscl.data import Bank, Source, prepare
from chaoscl.evaluation.metrics import summarise
from chaoscl.models import MODELS
from chaoscl.runs.networks import build_network
from chaoscl.runs.retention import accuracies
from chaoscl.streams import Stream, layout, materialise, split
from chaoscl.streams.experiences import to_avalanche


class PullBack(SupervisedPlugin):
    """Adds ``strength`` times the squared distance to the weights after the last task to the loss."""

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength
        self.anchors: list[torch.Tensor] = []

    def before_backward(self, strategy: Any, **_: Any) -> None:
        """Add the penalty, from the second task on."""
        for weight, anchor in zip(strategy.model.parameters(), self.anchors, strict=False):
            strategy.loss = strategy.loss + self.strength * (weight - anchor).pow(2).sum()

    def after_training_exp(self, strategy: Any, **_: Any) -> None:
        """Remember the weights."""
        self.anchors = [weight.detach().clone() for weight in strategy.model.parameters()]


# %% A stream: two tasks of news and two of digits, task-incremental. A sample is a reference; the bank holds the data.
STREAM = Stream("news-and-digits", (*split("ag_news", (2, 2)), *split("mnist", (5, 5))), "an example")


# %% Train, and keep the retention matrix: row 0 untrained, then a row a task.
def retention(plugins: list[SupervisedPlugin], seed: int = 0) -> np.ndarray:
    """Return R, (5, 4): accuracies on all tasks before training and after each task."""
    bank = Bank([prepare(dataset, Source("embedded")) for dataset in STREAM.data.values()])
    tasks = materialise(STREAM, "task", bank, seed)
    network = build_network(MODELS["mlp256"], bank, layout(STREAM, "task"), seed)
    torch.manual_seed(seed)
    with quiet_avalanche():
        strategy = Naive(
            model=network,
            optimizer=torch.optim.Adam(network.parameters(), lr=2e-3),
            train_mb_size=32,
            train_epochs=2,
            plugins=plugins,
            evaluator=EvaluationPlugin(),
        )
        rows = [[accuracies(network, task.test, task.task_label, [0])[0] for task in tasks]]
        for experience in to_avalanche(tasks).train_stream:
            strategy.train(experience, eval_streams=[])
            rows.append([accuracies(network, task.test, task.task_label, [0])[0] for task in tasks])
    return np.array(rows)


# %% Every metric is a function of R.
def compare(strengths: tuple[float, ...] = (0.0, 0.3)) -> dict[float, dict[str, float]]:
    """Return the metrics without the pull and with it."""
    return {strength: summarise(retention([PullBack(strength)])) for strength in strengths}


# %% As a baseline of the suite, it is a file baselines/pull_back.py whose build() returns the same strategy.
if __name__ == "__main__":
    for strength, found in compare().items():
        shown = ", ".join(f"{name} {100 * found[name]:.1f} %" for name in ("average_accuracy", "forgetting_max_last"))
        sys.stdout.write(f"pull {strength}: {shown}\n")
    sys.stdout.write("EMBEDDED data: generated stand-ins, not the real data sets.\n")
