"""The package's own trunks, one file each."""

from dataclasses import replace

from chaoscl.models.trunk import Trunk
from chaoscl.models.trunks import binary, cortex, gru, mlp, none, step

OWN: tuple[Trunk, ...] = tuple(
    replace(module.TRUNK, name=module.__name__.rpartition(".")[2]) for module in (cortex, mlp, binary, step, none, gru)
)
