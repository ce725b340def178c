"""The layers of LeNet-5 below its output, with ReLU and max-pooling, as it is built today."""

from typing import Any

from chaoscl.models.encoder import Encoder, EncoderSetup


def build(setup: EncoderSetup) -> Any:
    """Return two convolutions of 5 x 5 and linear layers of 120, 84 and the embedding's width."""
    from torch import nn

    channels, height, width = setup.shape
    # The first convolution keeps the size of 28 x 28 images, which the paper pads to 32 x 32.
    last = 16 * ((height // 2 - 4) // 2) * ((width // 2 - 4) // 2)
    return nn.Sequential(
        *(nn.Conv2d(channels, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(last, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, setup.size), nn.ReLU()),
    )


ENCODER = Encoder(
    "image",
    "LeNet-5 below its output, with ReLU and max-pooling",
    build,
    "LeCun et al. 1998, Proceedings of the IEEE 86",
)
