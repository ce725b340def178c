from chaoscl.models import MODELS
from chaoscl.runs.networks import build_network, parameter_table
from chaoscl.streams import find_stream, layout


def test_the_table_counts_every_parameter_and_marks_those_without_a_gradient(tiny_bank):
    bank = tiny_bank("ag_news", "mnist")
    stream = find_stream("text-image")
    table = parameter_table(stream, bank, MODELS.values())
    assert list(dict.fromkeys(table["model"])) == list(MODELS)
    for name in MODELS:
        rows = table[table["model"] == name].set_index("part")["parameters"].str.replace(",", "").astype(int)
        network = build_network(MODELS[name], bank, layout(stream, "task"), seed=0)
        assert rows.pop("all") == rows.sum() == sum(parameter.numel() for parameter in network.parameters())
    silent = table[table["gradient"] == "none"]
    assert set(silent["part"]) == {"trunk cortex.layers.0.w_rec"}
    assert set(silent["model"]) == {"chaos256", "chaos2k", "chaos4k"}
