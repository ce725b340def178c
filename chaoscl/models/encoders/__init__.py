"""The package's own encoders, one file each."""

from dataclasses import replace

from chaoscl.models.encoder import Encoder
from chaoscl.models.encoders import cnn, conv, lenet5, mean, pixels, transformer

OWN: tuple[Encoder, ...] = tuple(
    replace(module.ENCODER, name=module.__name__.rpartition(".")[2])
    for module in (mean, transformer, conv, pixels, lenet5, cnn)
)
