import pytest

from chaoscl.errors import UserError
from chaoscl.models import MODELS, counterpart, find_model


@pytest.mark.parametrize(
    ("name", "embedding", "hidden", "ticks", "fail_prob"),
    [("chaos256", 8, 32, 15, 0.5), ("chaos2k", 16, 64, 10, 0.5), ("chaos4k", 32, 128, 10, 0.3)],
)
def test_chaos_models_are_those_of_the_readme(name, embedding, hidden, ticks, fail_prob):
    model = find_model(name)
    assert (model.embedding, model.hidden, model.ticks, model.fail_prob) == (embedding, hidden, ticks, fail_prob)


@pytest.mark.parametrize(("name", "width"), [("mlp400", 400), ("mlp1000", 1000)])
def test_the_wide_mlps_are_two_layers_on_the_pixels(name, width):
    model = find_model(name)
    assert (model.trunk, model.embedding, model.hidden, model.depth, model.channels) == ("mlp", 784, width, 2, ())
    assert counterpart(name) == name


def test_every_model_is_listed_under_its_name_with_a_line():
    for name, model in MODELS.items():
        assert model.name == name
        assert model.summary
        assert "\n" not in model.summary


def test_every_chaos_model_has_an_mlp_of_its_widths():
    for name, model in MODELS.items():
        mlp = find_model(counterpart(name))
        assert mlp.trunk == "mlp"
        assert (mlp.embedding, mlp.hidden, mlp.channels) == (model.embedding, model.hidden, model.channels)


def test_an_unknown_model_is_one_line_with_a_guess():
    with pytest.raises(UserError, match=r"unknown model 'chaos2' \(did you mean chaos2k\?\); there are: chaos256"):
        find_model("chaos2")
