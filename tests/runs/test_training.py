import warnings

from avalanche.training.plugins import EvaluationPlugin

from chaoscl.compat import quiet_avalanche
from chaoscl.runs.recipes import Settings
from chaoscl.speed.rig import ground, rig
from chaoscl.streams import Stream, split
from chaoscl.streams.experiences import to_avalanche


def test_a_strategy_trains_without_avalanche_s_evaluator_and_measures_nothing():
    place = ground(Stream("news", split("ag_news", (2, 2))), "class", "mlp256")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="No loggers specified")
        built = rig(place, "naive", Settings(1, 512, 1e-3, None))
    assert not any(isinstance(plugin, EvaluationPlugin) for plugin in built.strategy.plugins)
    with quiet_avalanche():
        assert built.strategy.train(to_avalanche(place.tasks).train_stream[0], eval_streams=[]) == {}
    assert built.optimizer.steps > 0
