"""The mean of token embeddings, ChaosNet's text encoder."""

from typing import Any

from chaoscl.models.encoder import Encoder, EncoderSetup


def build(setup: EncoderSetup) -> Any:
    """Return the table of token embeddings."""
    from chaoscl.models.encoder_modules import TextEncoder

    return TextEncoder(setup.vocabulary, setup.size)


ENCODER = Encoder("text", "mean of the embeddings of the tokens that are not padding", build, "ChaosNet's scripts")
