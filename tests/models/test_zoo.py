from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.errors import UserError
from chaoscl.models import ENCODERS, MODELS, TRUNKS, counterpart, find_model, model_list


@pytest.mark.parametrize(
    ("name", "embedding", "hidden", "ticks", "fail_prob"),
    [("chaos256", 8, 32, 15, 0.5), ("chaos2k", 16, 64, 10, 0.5), ("chaos4k", 32, 128, 10, 0.3)],
)
def test_chaos_models_are_those_of_the_readme(name, embedding, hidden, ticks, fail_prob):
    model = find_model(name)
    values = model.values_of(model.trunk)
    assert (model.embedding, model.hidden, values["ticks"], values["fail_prob"]) == (
        embedding,
        (hidden,),
        ticks,
        fail_prob,
    )


@pytest.mark.parametrize(("name", "width"), [("mlp400", 400), ("mlp1000", 1000)])
def test_the_wide_mlps_are_two_layers_on_the_pixels(name, width):
    model = find_model(name)
    assert (model.trunk.name, model.embedding, model.hidden) == ("mlp", 784, (width, width))
    assert model.image.name == "pixels"
    assert counterpart(model) is model


@pytest.mark.parametrize("kind", [MODELS, TRUNKS, ENCODERS], ids=lambda kind: kind.kind)
def test_every_part_is_listed_under_its_name_with_a_line(kind):
    for name, part in kind.items():
        assert part.name == name
        assert part.summary
        assert "\n" not in part.summary


def test_every_chaos_model_has_an_mlp_of_its_widths():
    for name, model in MODELS.items():
        mlp = counterpart(model)
        assert mlp.name == name.replace("chaos", "mlp")
        same = replace(mlp, name=model.name, summary=model.summary, trunk=model.trunk, values=model.values)
        assert same == model


def test_an_unknown_model_is_one_line_with_a_guess():
    with pytest.raises(UserError, match=r"unknown model 'chaos2' \(did you mean chaos2k\?\); there are: chaos256"):
        find_model("chaos2")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("chaos2k:ticks=10", "chaos2k"),
        ("chaos2k: fail_prob = 0.50", "chaos2k"),
        ("chaos2k:fail_prob=.9", "chaos2k:fail_prob=0.9"),
        ("chaos2k:fail_prob=0.9,hidden=64+32", "chaos2k:hidden=64+32,fail_prob=0.9"),
        ("chaos2k:trunk=mlp", "mlp2k"),
        ("mlp2k:trunk=cortex,ticks=10", "chaos2k"),
        ("chaos2k:trunk=gru,ticks=5", "chaos2k:trunk=gru,ticks=5"),
        ("mlp400:hidden=1000+1000", "mlp1000"),
    ],
)
def test_one_network_has_one_name(text, name):
    model = find_model(text)
    assert model.name == name
    assert find_model(name) == model


@given(st.floats(0, 1).map(lambda share: round(share, 4)), st.lists(st.integers(1, 300), min_size=1, max_size=3))
def test_the_name_of_a_changed_model_finds_it_again(fail_prob, hidden):
    model = find_model(f"chaos2k:fail_prob={fail_prob},hidden={'+'.join(map(str, hidden))}")
    assert model.values_of(model.trunk)["fail_prob"] == fail_prob
    assert model.hidden == tuple(hidden)
    assert find_model(model.name) == model


@pytest.mark.parametrize("model", ["chaos2k:fail_prob=0.9,embedding=20", "chaos4k:channels=8+8", "mlp2k:dropout=0.5"])
def test_the_counterpart_keeps_all_but_the_trunk(model):
    asked = find_model(model)
    mlp = counterpart(asked)
    assert mlp.trunk is TRUNKS["mlp"]
    assert (mlp.embedding, mlp.hidden, mlp.values_of(mlp.image)) == (
        asked.embedding,
        asked.hidden,
        asked.values_of(asked.image),
    )
    assert find_model(mlp.name) == mlp


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("chaos2k:", "'' is no change; write name=value"),
        ("chaos2k:ticks", "'ticks' is no change"),
        ("chaos2k:ticks=", "'ticks=' is no change"),
        ("chaos2k:ticks=5,ticks=6", "'ticks=6' is no change; .* once"),
        ("chaos2k:tick=5", r"unknown change in --model 'chaos2k:tick=5': 'tick' \(did you mean ticks\?\)"),
        ("mlp2k:ticks=5", "unknown change in --model 'mlp2k:ticks=5': 'ticks'"),
        ("chaos2k:ticks=0", "ticks = 0: it must be at least 1"),
        ("chaos2k:ticks=1.5", "a whole number is needed"),
        ("chaos2k:fail_prob=2", "at least 0 and at most 1"),
        ("chaos2k:mode=loop", "unknown value of mode 'loop'"),
        ("chaos2k:hidden=0", "hidden=0: whole numbers of at least 1"),
        ("chaos2k:hidden=6+", "hidden=6.: whole numbers"),
        ("chaos2k:embedding=8+8", "embedding=8.8: 1 whole numbers"),
        ("chaos2k:trunk=cortx", r"unknown trunk 'cortx' \(did you mean cortex\?\)"),
        ("chaos2k:image=mean", "must encode text and image"),
        ("chaos2k:encoders=task", "encoders=task is none of dataset, modality"),
    ],
)
def test_a_change_that_is_none_is_refused(text, words):
    with pytest.raises(UserError, match=words):
        find_model(text)


def test_a_list_of_models_keeps_each_with_its_changes():
    assert model_list("chaos2k:ticks=5,fail_prob=0.9,mlp2k") == ("chaos2k:ticks=5,fail_prob=0.9", "mlp2k")
    assert model_list("chaos2k, mlp2k:dropout=0.1") == ("chaos2k", "mlp2k:dropout=0.1")
