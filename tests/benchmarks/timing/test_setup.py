"""Strategies as a run builds them, and the steps of their training one by one."""

import warnings

import pytest
import torch
from avalanche.training.plugins import EvaluationPlugin

from chaoscl.compat import quiet_avalanche
from chaoscl.runs.recipes import Settings
from chaoscl.streams import Stream, split
from timing.setup import chaos_models, strategy_under_test, stream_bank, workload

SETTINGS = Settings(1, 512, 1e-3, None)


@pytest.fixture(scope="module")
def work():
    return workload(Stream("news", split("ag_news", (2, 2))), "class", "mlp256")


def test_a_strategy_trains_without_avalanche_s_evaluator_and_measures_nothing(work):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="No loggers specified")
        built = strategy_under_test(work, "naive", SETTINGS)
    assert not any(isinstance(plugin, EvaluationPlugin) for plugin in built.strategy.plugins)
    with quiet_avalanche():
        assert built.strategy.train(built.experiences[0], eval_streams=[]) == {}
    assert built.optimizer.steps > 0


def test_an_epoch_by_itself_trains_as_a_whole_task_does(work):
    weights = []
    with quiet_avalanche():
        for whole in (True, False):
            built = strategy_under_test(work, "naive", SETTINGS)
            if whole:
                assert built.learn(0) > 0
            else:
                built.begin(0, epochs=1)
                built.train_epoch()
            weights.append(list(built.network.parameters()))
    assert all(torch.equal(one, other) for one, other in zip(*weights, strict=True))
    assert not all(torch.equal(one, new) for one, new in zip(weights[0], work.network().parameters(), strict=True))


def test_only_models_with_a_cortex_are_timed_as_such():
    models = chaos_models()
    assert {"chaos2k", "chaos4k"} <= {model.name for model in models}
    assert all(model.ticks for model in models)


def test_the_bank_of_a_stream_has_all_its_data_sets():
    assert [data.card.name for data in stream_bank("text-image").datasets] == ["ag_news", "mnist"]
