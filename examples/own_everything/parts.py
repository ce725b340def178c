"""A data set, a stream, a trunk, an encoder, a model, a strategy, a metric and a figure of one's own."""

import numpy as np
from avalanche.training.supervised import Naive
from torch import nn
from torch.optim import SGD

from chaoscl import (
    Baseline,
    Card,
    Dataset,
    Encoder,
    FigureKind,
    HyperParameter,
    Model,
    RawSplit,
    Stream,
    Trunk,
    metric,
    split,
)
from chaoscl.models import ENCODERS


def read(split_name, folder):
    """Return greetings in four languages, each with the name of somebody."""
    draws = np.random.default_rng(len(split_name))
    labels = draws.permutation(np.arange(80) % 4)
    words = ("good morning", "guten morgen", "bonjour", "buenos dias")
    return RawSplit([f"{words[label]} person{draws.integers(9)}" for label in labels], labels.astype(np.int64))


def build_trunk(setup, slope):
    """Return layers with a leaky rectifier."""
    sizes = [setup.inputs, *setup.hidden]
    return nn.Sequential(*(part for a, b in zip(sizes, sizes[1:]) for part in (nn.Linear(a, b), nn.LeakyReLU(slope))))


def build_encoder(setup):
    """Return the largest value of each token embedding over a text."""
    return nn.Sequential(nn.Embedding(setup.vocabulary, setup.size), Largest())


class Largest(nn.Module):
    """The maximum over tokens."""

    def forward(self, embedded):
        """Map (n, tokens, size) to (n, size)."""
        return embedded.amax(dim=1)


def build_strategy(setup):
    """Return Avalanche's Naive strategy with an optimiser of its own."""
    return Naive(**setup.options() | {"optimizer": SGD(setup.model.parameters(), lr=0.05)})


@metric("Worst final accuracy", "min over j = 1..T of R[T,j]", (0.0, 1.0), "this file")
def worst_final_accuracy(matrix):
    """Return the accuracy on the task that is known worst at the end; higher is better."""
    return float(np.asarray(matrix)[-1].min())


def draw(results):
    """Return a figure of the final accuracies."""
    return results["forgetting.csv"].plot.bar(x="baseline", y="final_mean").figure


GREETINGS = Dataset(
    Card("greetings", "text", ("English", "German", "French", "Spanish"), shape=(4,), min_frequency=1), read
)
HALVES = Stream("languages", split(GREETINGS, (2, 2)), "greetings in two languages, then in two others")
LEAKY = Trunk("Linear + leaky ReLU", build_trunk, hyper={"slope": HyperParameter(0.1, "a guess")}, name="leaky")
MAXIMUM = Encoder("text", "largest value of each token embedding", build_encoder, name="maximum")
MODEL = Model("leaky64", "all of these", LEAKY, 16, (64,), MAXIMUM, ENCODERS["conv"])
PLAIN = Baseline(summary="naive with plain SGD", build=build_strategy, source="this file", name="plain-sgd")
BARS = FigureKind("Final accuracies", draw, name="bars")
