"""What each baseline does to a task whose encoder the new task does not use: the table of docs/baselines.md."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from chaoscl.models.network import EVERY_CLASS, CrossModalNetwork
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.optimiser import RecipeAdamW

PAGE = Path(__file__).resolve().parents[2] / "docs" / "baselines.md"
HEADER = ["baseline", "old encoder", "old head", "inputs that train the old head"]
SEQUENTIAL = [name for name in BASELINES if BASELINES[name].schedule == "sequential"]
OLD = 0
"""Of the first task: its head, its label, its data set in the bank."""

pytestmark = pytest.mark.usefixtures("few_batches")


def parameters(strategy):
    return {name: parameter.detach().clone() for name, parameter in strategy.model.named_parameters()}


def verdict(ends, prefix):
    """Return whether a part of the model is bit for bit the same after the second task as after the first."""
    first, second = ends
    same = all(torch.equal(value, second[name]) for name, value in first.items() if name.startswith(prefix))
    return "unchanged" if same else "changed"


def read_by_old_head(network, references, labels):
    """Return for each reference whether its logits under the old head are shown."""
    if labels is None or labels is EVERY_CLASS:
        return torch.ones(len(references), dtype=torch.bool)
    return torch.tensor([OLD in network.visible[label] for label in labels.tolist()])


@pytest.fixture
def measured(run, before_each, after_each, monkeypatch):
    """Return a function from a baseline to its line of the table."""
    starts, ends = before_each(lambda _: None), after_each(parameters)
    seen = SimpleNamespace(own=False, new=False)
    forward = CrossModalNetwork.forward

    def watched(self, references, task_labels=EVERY_CLASS):
        if torch.is_grad_enabled() and len(starts) == 2 and len(ends) == 1:
            read = read_by_old_head(self, references, task_labels)
            own = references[:, 0] == OLD
            seen.own |= bool((read & own).any())
            seen.new |= bool((read & ~own).any())
        return forward(self, references, task_labels)

    monkeypatch.setattr(CrossModalNetwork, "forward", watched)

    def measure(name):
        run(name, stream="ag_news,mnist", model="mlp256", repetitions=1)
        inputs = [kind for kind, found in (("its own", seen.own), ("new", seen.new)) if found]
        encoder, head = verdict(ends, "encoders.encoders.ag_news."), verdict(ends, "heads.0.")
        return [name, encoder, head, " and ".join(inputs) or "none"]

    return measure


@pytest.mark.parametrize("name", ["ewc", "ewc_batch", "online_ewc", "mas", "si", "rwalk"])
def test_a_penalty_changes_an_old_head_by_way_of_weight_decay_alone(measured, monkeypatch, name):
    begin = RecipeAdamW.begin
    monkeypatch.setattr(
        RecipeAdamW, "begin", lambda self, settings, batches: begin(self, replace(settings, weight_decay=0.0), batches)
    )
    assert measured(name) == [name, "unchanged", "unchanged", "none"]


def documented():
    """Return the lines of the table on the page, by baseline."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| " + " | ".join(HEADER) + " |") + 2
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:]]
    return {row[0]: row for row in rows[: [len(row) for row in rows].index(1)]}


@pytest.mark.parametrize("name", SEQUENTIAL)
def test_what_the_table_says_of_a_baseline_is_what_it_does(measured, name):
    row = measured(name)
    assert documented().get(name) == row, f"docs/baselines.md needs the line: | {' | '.join(row)} |"


def test_the_table_has_the_baselines_that_there_are():
    assert list(documented()) == SEQUENTIAL
