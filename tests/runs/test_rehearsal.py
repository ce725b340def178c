"""Strategies with a memory replay it, however small it is."""

import pytest
import torch

from chaoscl.models.network import HIDDEN_LOGIT
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.rehearsal import UnmaskedDER
from chaoscl.streams import Stream, split

pytestmark = pytest.mark.usefixtures("few_batches")
STOCK = {"mir_avalanche"}
"""Kept as Avalanche has them, and said so: they may not replay."""


def budgets(name):
    """Return the hyper-parameters of a baseline that say how many samples it stores."""
    return [key for key in BASELINES[name].hyper if key.startswith("memory")]


SEQUENTIAL = [name for name in BASELINES if BASELINES[name].schedule == "sequential" and name not in STOCK]
CASES = [(name, memory) for name in SEQUENTIAL for memory in ((16, 1000) if budgets(name) else (None,))]


@pytest.mark.parametrize(("name", "memory"), CASES)
def test_contract_who_stores_samples_replays_from_the_second_task_on_and_nobody_else(run, before_each, name, memory):
    # 16 samples are one for each class of the stream. A batch is larger than all tiny tasks together, so that no
    # memory holds a whole batch, that of ER-ACE neither, which takes the present task in before it is learned.
    replayed = before_each(lambda strategy: strategy.model.meter.replayed_samples)
    outcome = run(name, model="mlp256", recipe="quick:batch=256", hyper=dict.fromkeys(budgets(name), memory))
    counts = [*replayed, outcome.cost.samples_replayed]
    if outcome.cost.stored_samples:
        assert 0 == counts[0] == counts[1] < counts[2] < counts[3]
    else:
        assert counts == [0, 0, 0, 0]
    assert outcome.cost.stored_samples or not budgets(name)


@pytest.mark.parametrize("name", STOCK)
def test_what_avalanche_leaves_out_is_said(name):
    assert BASELINES[name].summary.startswith("stock Avalanche")


def test_avalanche_s_mir_is_naive_where_every_class_is_in_every_batch(run):
    stream = Stream("pairs", split("mnist", (2, 2, 2)))
    words = {"scenario": "domain", "stream": stream, "model": "mlp256", "hyper": {}}
    weights = {}
    for name in ("naive", "mir_avalanche", "mir"):
        outcome = run(name, **words | {"hyper": {"memory": 20} if name != "naive" else {}})
        weights[name] = torch.cat([value.flatten().double() for value in outcome.networks[0].state_dict().values()])
    assert torch.equal(weights["naive"], weights["mir_avalanche"])
    assert not torch.equal(weights["naive"], weights["mir"])


@pytest.mark.parametrize("scenario", ["task", "class"])
def test_der_s_distance_is_a_mean_over_the_classes_shown(run, monkeypatch, scenario):
    found = []
    backward = UnmaskedDER.backward

    def note(self):
        if self.replay_loader is not None:
            size = self.batch_size_mem
            output, target = self.mb_output[:size].detach(), self.mb_y[:size]
            shown = output != HIDDEN_LOGIT
            stored = self.batch_logits
            own = torch.nn.functional.cross_entropy(self.mb_output[size:], self.mb_y[size:])
            distance = (output - stored)[shown].square().mean()
            labels = torch.nn.functional.cross_entropy(output, target)
            found.append((float(self.loss.detach()), float(own.detach() + 2.0 * distance + 0.5 * labels)))
        backward(self)

    monkeypatch.setattr(UnmaskedDER, "backward", note)
    run("derpp", model="mlp256", scenario=scenario, hyper={"memory": 40, "alpha": 2.0, "beta": 0.5})
    assert found
    assert [loss for loss, _ in found] == pytest.approx([expected for _, expected in found], rel=1e-4)


def test_der_and_derpp_differ(run):
    one, two = (
        run(name, model="mlp256", hyper={"memory": 40, "alpha": 0.3}).networks[0].state_dict()
        for name in ("der", "derpp")
    )
    assert not all(torch.equal(one[name], two[name]) for name in one)
