"""A small convolutional network without batch norm, whose statistics other tasks would move."""

from typing import Any

from chaoscl.hyper import HyperParameter
from chaoscl.models.encoder import Encoder, EncoderSetup, sizes_of


def build(setup: EncoderSetup, channels: str) -> Any:
    """Return a block of convolution, ReLU and max-pooling for each number of channels, and the projection."""
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    before = setup.shape[0]
    for after in sizes_of("channels", channels):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        before = after
    body = nn.Sequential(*layers, nn.Flatten())
    with torch.no_grad():
        features = body(torch.zeros(1, *setup.shape)).shape[1]
    return nn.Sequential(body, nn.Linear(features, setup.size), nn.ReLU())


ENCODER = Encoder(
    "image",
    "blocks of convolution, ReLU and max-pooling, then Linear + ReLU",
    build,
    "the small CNN of ChaosNet's table of other models",
    hyper={"channels": HyperParameter("32+64", "as conv")},
)
