"""A data set, a stream, a trunk, an encoder, a model, a strategy, a metric and a figure of one's own."""

import numpy as np
from avalanche.training.supervised import Naive
from torch import nn, optim

import chaoscl
from chaoscl.models import ENCODERS

WORDS = {"English": "good morning", "German": "guten morgen", "French": "bonjour", "Spanish": "buenos dias"}


def read(split, folder):
    """Return greetings in four languages."""
    labels = np.random.default_rng(len(split)).permutation(np.arange(80) % 4)
    return chaoscl.RawSplit([f"{list(WORDS.values())[label]} {row % 9}" for row, label in enumerate(labels)], labels)


def build_trunk(setup, slope):
    """Return one layer with a leaky rectifier."""
    return nn.Sequential(nn.Linear(setup.inputs, setup.hidden[-1]), nn.LeakyReLU(slope))


class Largest(nn.Embedding):
    """The largest value of each token embedding over a text."""

    def forward(self, tokens):
        """Map tokens (n, length) to (n, size)."""
        return super().forward(tokens).amax(dim=1)


def build_strategy(setup):
    """Return Avalanche's Naive strategy with an optimiser of its own."""
    return Naive(**setup.options() | {"optimizer": optim.SGD(setup.model.parameters(), lr=0.05)})


@chaoscl.metric("Worst final accuracy", "min over j = 1..T of R[T,j]", (0.0, 1.0), "this file")
def worst_final_accuracy(matrix):
    """Return the accuracy on the task that is known worst at the end; higher is better."""
    return float(np.asarray(matrix)[-1].min())


def draw(results):
    """Return a figure of the final accuracies."""
    return results["forgetting.csv"].plot.bar(x="baseline", y="final_mean").figure


CARD = chaoscl.Card("greetings", "text", tuple(WORDS), shape=(4,), min_frequency=1)
DATASET = chaoscl.Dataset(CARD, read)
STREAM = chaoscl.Stream("languages", chaoscl.split(DATASET, (2, 2)), "two languages, then two others")
SLOPE = {"slope": chaoscl.HyperParameter(0.1, "a guess")}
TRUNK = chaoscl.Trunk("a leaky layer", build_trunk, hyper=SLOPE, name="leaky")
ENCODER = chaoscl.Encoder(
    "text", "largest embedding", lambda setup: Largest(setup.vocabulary, setup.size), name="largest"
)
MODEL = chaoscl.Model("leaky64", "all of these", TRUNK, 16, (64,), ENCODER, ENCODERS["conv"])
BASELINE = chaoscl.Baseline(summary="naive, plain SGD", build=build_strategy, source="this file", name="plain-sgd")
FIGURE = chaoscl.FigureKind("Final accuracies", draw, name="bars")
