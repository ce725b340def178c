"""A small Transformer over tokens: 2 layers of width 128, as the 4.4 M BERT of ChaosNet's table, untrained."""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.models.encoder import Encoder, EncoderSetup


def build(setup: EncoderSetup, width: int, layers: int, heads: int) -> Any:
    """Return token and position embeddings, the layers, and a linear read-out of the mean over tokens."""
    from chaoscl.models.encoder_modules import TransformerEncoder

    return TransformerEncoder(setup.vocabulary, setup.shape[0], setup.size, width, layers, heads)


ENCODER = Encoder(
    "text",
    "a small Transformer, mean over its tokens",
    build,
    "Turc et al. 2019, arXiv:1908.08962 (BERT tiny); Vaswani et al. 2017",
    hyper={
        "width": HyperParameter(128, "BERT tiny", range=Range(1)),
        "layers": HyperParameter(2, "BERT tiny", range=Range(1)),
        "heads": HyperParameter(2, "BERT tiny", range=Range(1)),
    },
)
