"""A small model, two small tasks, and Avalanche strategies over them."""

import copy

import pytest
import torch
from avalanche.benchmarks import benchmark_from_datasets, with_task_labels
from avalanche.benchmarks.utils import _make_taskaware_classification_dataset
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.supervised import Naive
from torch import nn
from torch.utils.data import TensorDataset

from chaoscl.compat import quiet_avalanche
from chaoscl.runs.baseline import BASELINES, Setup

INPUTS, CLASSES = (2, 4, 4), 3


class Small(nn.Module):
    """A classifier that takes task labels, as the project's networks do, and does not use them."""

    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x, task_labels=None):
        return self.layers(x)


def linear():
    """Return a softmax regression."""
    torch.manual_seed(0)
    return Small(nn.Sequential(nn.Flatten(), nn.Linear(32, CLASSES)))


def convolutional():
    """Return a network whose convolution keeps its weights in channels-last memory."""
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, CLASSES))
    return Small(layers).to(memory_format=torch.channels_last)


def samples(rows, task):
    """Return inputs (rows, 2, 4, 4) and labels, of which one pixel tells."""
    draws = torch.Generator().manual_seed(task)
    targets = torch.arange(rows) % CLASSES
    inputs = torch.randn((rows, *INPUTS), generator=draws)
    inputs[torch.arange(rows), 0, targets, task] += 3
    return inputs, targets


def stream(*rows):
    """Return an Avalanche stream of tasks with so many samples each."""
    tasks = []
    for task, count in enumerate(rows):
        inputs, targets = samples(count, task)
        tasks.append(
            _make_taskaware_classification_dataset(
                TensorDataset(inputs, targets), targets=targets.tolist(), task_labels=0
            )
        )
    return with_task_labels(benchmark_from_datasets(train=tasks, test=tasks)).train_stream


class Watch(SupervisedPlugin):
    """Notes, before each forward pass, whether the model is in training mode, and the weights after each task."""

    def __init__(self):
        super().__init__()
        self.training, self.weights = [], []

    def before_forward(self, strategy, *args, **kwargs):
        self.training.append(strategy.model.training)

    def after_training_exp(self, strategy, *args, **kwargs):
        self.weights.append(copy.deepcopy(strategy.model.state_dict()))


class Lab:
    """Trains a model on a stream in batches of 8, one epoch a task, and keeps what was seen."""

    def __init__(self, model, rows, rate):
        self.model, self.rows, self.rate = model, rows, rate
        self.watch = Watch()

    @property
    def setup(self):
        optimizer = torch.optim.SGD(self.model.parameters(), self.rate)
        return Setup(self.model, optimizer, 8, 1, "cpu", [self.watch])

    def inputs(self, task):
        """Return the inputs of a task."""
        return samples(self.rows[task], task)[0]

    def train(self, strategy):
        torch.manual_seed(1)
        for experience in stream(*self.rows):
            strategy.train(experience, eval_streams=[])
        return strategy

    def stock(self, make, **options):
        """Train an Avalanche strategy."""
        return self.train(make(**options, **self.setup.options()))

    def plugged(self, plugin):
        """Train Avalanche's Naive with one of its plugins, and return the plugin."""
        options = self.setup.options()
        options["plugins"].append(plugin)
        self.train(Naive(**options))
        return plugin

    def ours(self, name, **changed):
        """Train one of the project's baselines."""
        baseline = BASELINES[name]
        return self.train(baseline.build(self.setup, **baseline.values(changed)))


@pytest.fixture(autouse=True)
def _quiet():
    with quiet_avalanche():
        yield


@pytest.fixture
def lab():
    """Return a maker of labs."""

    def make(rows=(16, 16), rate=0.1, conv=False):
        return Lab(convolutional() if conv else linear(), rows, rate)

    return make
