import pytest
import torch
from torch import nn

from chaoscl.errors import UserError
from chaoscl.models import ENCODERS, EncoderSetup
from chaoscl.models.encoder_modules import (
    ImageEncoder,
    Normalise,
    PixelEncoder,
    Renumber,
    TextEncoder,
    merge_vocabularies,
)

SETUPS = {
    "text": EncoderSetup(shape=(9,), vocabulary=12, size=6),
    "image": EncoderSetup(shape=(3, 32, 32), vocabulary=0, size=6),
}


def built(name, setup=None):
    encoder = ENCODERS[name]
    values = {key: parameter.value for key, parameter in encoder.hyper.items()}
    torch.manual_seed(0)
    return encoder.build(setup or SETUPS[encoder.modality], **values)


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_maps_samples_to_embeddings_and_learns(name):
    setup = SETUPS[ENCODERS[name].modality]
    encoder = built(name)
    if ENCODERS[name].modality == "text":
        samples = torch.randint(0, setup.vocabulary, (5, *setup.shape), dtype=torch.int32)
        samples[0] = 0
    else:
        samples = torch.rand(5, *setup.shape)
    embeddings = encoder(samples)
    assert embeddings.shape == (5, setup.size)
    assert torch.isfinite(embeddings).all()
    embeddings.square().sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


@pytest.mark.parametrize("name", [name for name, encoder in ENCODERS.items() if encoder.modality == "text"])
def test_padding_does_not_change_a_text(name):
    encoder = built(name).eval()
    tokens = torch.tensor([[3, 5, 7, 0, 0, 0, 0, 0, 0]], dtype=torch.int32)
    with torch.no_grad():
        before = encoder(tokens)
        for parameter in encoder.parameters():
            if parameter.shape[:1] == (9,):
                parameter[3:] = 7.0  # the positions of the padding
        torch.testing.assert_close(encoder(tokens), before)


def test_lenet5_has_the_layers_of_the_paper():
    encoder = built("lenet5", EncoderSetup((1, 28, 28), 0, 10))
    # LeCun et al. 1998, with full connections to the second convolution: 156 + 2416 + 48120 + 10164, then 84 * 10 + 10.
    assert count(encoder) == 156 + 2416 + 48_120 + 10_164 + 850


def test_a_width_that_the_heads_do_not_divide_is_refused():
    with pytest.raises(UserError, match="width=10: it must be a multiple of heads=4"):
        ENCODERS["transformer"].build(SETUPS["text"], width=10, layers=1, heads=4)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_text_encoder_is_the_mean_over_tokens_that_are_not_padding():
    encoder = TextEncoder(10, 4)
    tokens = torch.tensor([[3, 5, 0, 0], [7, 7, 7, 2]], dtype=torch.int32)
    table = encoder.table.weight
    expected = torch.stack([(table[3] + table[5]) / 2, (3 * table[7] + table[2]) / 4])
    torch.testing.assert_close(encoder(tokens), expected)


def test_a_text_without_tokens_becomes_zeros():
    assert torch.equal(TextEncoder(10, 4)(torch.zeros(2, 5, dtype=torch.int32)), torch.zeros(2, 4))


def test_padding_gets_no_gradient():
    encoder = TextEncoder(10, 4)
    encoder(torch.tensor([[3, 0, 0]])).sum().backward()
    assert torch.equal(encoder.table.weight.grad[0], torch.zeros(4))
    assert encoder.table.weight.grad[3].abs().sum() > 0


@pytest.mark.parametrize(("pool", "size", "parameters"), [("flatten", 32, 119_392), ("global", 16, 20_048)])
def test_image_encoder_has_the_parameters_that_the_notes_count(pool, size, parameters):
    assert count(ImageEncoder((1, 28, 28), size, (32, 64), pool)) == parameters


@pytest.mark.parametrize("training", [True, False])
def test_pooling_before_relu_is_the_published_function(training):
    encoder = ImageEncoder((1, 28, 28), 16, (4, 8), "flatten").train(training)
    pixels = torch.randn(6, 1, 28, 28)
    published = pixels
    for block in encoder.blocks:
        convolution, norm, _, _ = block
        published = nn.functional.max_pool2d(norm(convolution(published)).relu(), 2)
    torch.testing.assert_close(encoder(pixels), encoder.project(published))


def test_pixels_of_the_trunk_s_number_pass_as_they_are():
    encoder = PixelEncoder((1, 28, 28), 784)
    pixels = torch.rand(3, 1, 28, 28)
    assert torch.equal(encoder(pixels), pixels.flatten(1))
    assert count(encoder) == 0


def test_pixels_of_another_number_go_through_a_linear_layer():
    encoder = PixelEncoder((3, 32, 32), 784)
    pixels = torch.rand(2, 3, 32, 32)
    assert count(encoder) == 3072 * 784 + 784
    expected = pixels.flatten(1) @ encoder.project.weight.T + encoder.project.bias
    torch.testing.assert_close(encoder(pixels), expected)
    assert (encoder(pixels) < 0).any()


def test_normalise_takes_mean_and_std_a_channel():
    images = torch.randint(0, 256, (5, 3, 4, 4), dtype=torch.uint8)
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
    result = Normalise(mean, std)(images)
    expected = (images[:, 2] / 255 - 0.3) / 0.7
    torch.testing.assert_close(result[:, 2], expected)


def test_canvas_adds_black_evenly_and_repeats_grey():
    images = torch.full((2, 1, 28, 28), 255, dtype=torch.uint8)
    result = Normalise((0.0,), (1.0,), canvas=(3, 32, 32))(images)
    assert result.shape == (2, 3, 32, 32)
    assert torch.equal(result[:, :, 2:30, 2:30], torch.ones(2, 3, 28, 28))
    assert result.sum() == 2 * 3 * 28 * 28


def test_without_mean_and_deviation_pixels_are_from_0_to_1():
    images = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    torch.testing.assert_close(Normalise([0.0], [1.0])(images).flatten(), torch.arange(256) / 255)


def test_merged_vocabularies_share_what_is_equal():
    size, numbers = merge_vocabularies({"a": ["<pad>", "<unk>", "x", "y"], "b": ["<pad>", "<unk>", "y", "z"]})
    assert size == 5
    assert numbers["a"].tolist() == [0, 1, 2, 3]
    assert numbers["b"].tolist() == [0, 1, 3, 4]
    assert Renumber(numbers["b"])(torch.tensor([[2, 0]], dtype=torch.int32)).tolist() == [[3, 0]]
