"""Strategies with a memory replay it, however small it is."""

import pytest
import torch

from chaoscl.models.network import HIDDEN_LOGIT
from chaoscl.runs.baseline import find_baselines, load_baseline
from chaoscl.runs.rehearsal import UnmaskedDER
from chaoscl.streams import STREAMS, Stream, split

pytestmark = pytest.mark.usefixtures("few_batches")
STOCK = {"mir_avalanche"}
"""Kept as Avalanche has them, and said so: they may not replay."""
MEMORIES = [name for name in find_baselines() if "memory" in load_baseline(name).hyper and name not in STOCK]


@pytest.mark.parametrize("memory", [16, 1000])
@pytest.mark.parametrize("name", MEMORIES)
def test_contract_a_memory_is_replayed_from_the_second_task_on(run, before_each, name, memory):
    # 16 samples are one for each class of the stream, and fewer than a batch.
    replayed = before_each(lambda strategy: strategy.model.meter.replayed_samples)
    outcome = run(name, model="mlp256", hyper={"memory": memory})
    first, second, third = replayed
    assert first == second == 0
    assert 0 < third < outcome.cost.samples_replayed


@pytest.mark.parametrize("name", STOCK)
def test_what_avalanche_leaves_out_is_said(name):
    assert load_baseline(name).summary.startswith("stock Avalanche")


def test_avalanche_s_mir_is_naive_where_every_class_is_in_every_batch(run, monkeypatch):
    stream = Stream("pairs", split("mnist", (2, 2, 2)))
    monkeypatch.setitem(STREAMS, "pairs", stream)
    words = {"scenario": "domain", "stream": "pairs", "model": "mlp256", "hyper": {}}
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


def test_mir_replays_those_that_the_step_hurts_most(run, monkeypatch):
    """Scores are those of a step taken by hand, and the highest are chosen."""
    seen = []
    original = torch.Tensor.topk

    def note(self, k, *args, **kwargs):
        answer = original(self, k, *args, **kwargs)
        if self.dim() == 1 and not self.requires_grad:
            seen.append((self.clone(), answer.indices.clone()))
        return answer

    monkeypatch.setattr(torch.Tensor, "topk", note)
    run("mir", model="mlp256", hyper={"memory": 40})
    assert seen
    for scores, chosen in seen:
        left = torch.ones(len(scores), dtype=torch.bool)
        left[chosen] = False
        assert not left.any() or scores[chosen].min() >= scores[left].max()
    assert any(bool((scores != 0).any()) for scores, _ in seen)
