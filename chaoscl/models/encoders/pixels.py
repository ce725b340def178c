"""Pixels straight into the trunk."""

from typing import Any

from chaoscl.models.encoder import Encoder, EncoderSetup


def build(setup: EncoderSetup) -> Any:
    """Return the identity, or a linear layer where an image has another number of values than the embedding."""
    from chaoscl.models.encoder_modules import PixelEncoder

    return PixelEncoder(setup.shape, setup.size)


ENCODER = Encoder(
    "image",
    "the pixels themselves, 0..1, through a linear layer where the embedding has another width",
    build,
    "van de Ven & Tolias 2019, arXiv:1904.07734",
    normalise=False,
)
