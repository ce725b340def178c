from dataclasses import replace

import pytest
import torch

from chaoscl.config import build_spec
from chaoscl.errors import UserError
from chaoscl.models import find_model
from chaoscl.runs import recipes
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.execute import execute
from chaoscl.runs.recordings import trained_recordings
from chaoscl.runs.retention import evaluating

SPEC = build_spec("text-image", "task", "chaos256", "naive", 0, recipe="quick", repetitions=1)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 4)


@pytest.mark.parametrize("baseline", ["naive", "independent"])
def test_each_task_has_a_sample_recorded_for_the_ticks_of_the_model(tiny_bank, baseline):
    bank = tiny_bank("ag_news", "mnist")
    spec = replace(SPEC, baseline=BASELINES[baseline])
    recordings = trained_recordings(spec, bank)
    assert list(recordings) == ["ag_news", "mnist"]
    for recording in recordings.values():
        (spikes,) = recording.spikes
        assert spikes.shape == (15, 1, 32)
        assert set(spikes.unique().tolist()) <= {0.0, 1.0}


def test_the_recorded_cortex_is_the_trained_one(tiny_bank, monkeypatch):
    bank = tiny_bank("ag_news", "mnist")
    (network,) = execute(SPEC, bank).networks
    kept = []
    monkeypatch.setattr("chaoscl.runs.recordings.record", lambda *arguments: kept.append(arguments))
    trained_recordings(SPEC, bank)
    for cortex, embedding, *_ in kept:
        assert torch.equal(cortex.layers[0].w_in, network.trunk.cortex.layers[0].w_in)
        assert embedding.shape == (1, 8)
    # The first test row of MNIST, the bank's second data set.
    split = next(dataset for dataset in bank.datasets if dataset.card.name == "mnist")
    with evaluating(network):
        row = torch.tensor([[list(bank.datasets).index(split), split.train_rows]])
        assert torch.equal(network.embed(row), kept[1][1])


def test_what_has_no_cortex_or_no_time_is_refused(tiny_bank):
    bank = tiny_bank("ag_news", "mnist")
    with pytest.raises(UserError, match="mlp trains mlp256, which has no cortex"):
        trained_recordings(replace(SPEC, baseline=BASELINES["mlp"]), bank)
    with pytest.raises(UserError, match="replica cannot be recorded"):
        trained_recordings(replace(SPEC, model=find_model("chaos256:mode=replica")), bank)
