"""Two convolutions with batch norm, ChaosNet's image encoder."""

from typing import Any

from chaoscl.hyper import HyperParameter
from chaoscl.models.encoder import Encoder, EncoderSetup, sizes_of


def build(setup: EncoderSetup, channels: str, pool: str) -> Any:
    """Return the two blocks and the projection."""
    from chaoscl.models.encoder_modules import ImageEncoder

    first, second = sizes_of("channels", channels, 2)
    return ImageEncoder(setup.shape, setup.size, (first, second), pool, setup.kernel)  # type: ignore[arg-type]


ENCODER = Encoder(
    "image",
    "two blocks of convolution, batch norm, max-pooling and ReLU, then Linear + ReLU",
    build,
    "ChaosNet's scripts",
    hyper={
        "channels": HyperParameter("32+64", "ChaosNet, cores 2K and 4K"),
        "pool": HyperParameter("flatten", "ChaosNet; the last map's", choices=("flatten", "global")),
    },
    fused=True,
)
